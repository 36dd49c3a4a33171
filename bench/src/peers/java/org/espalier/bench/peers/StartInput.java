package org.espalier.bench.peers;

/** What the programs multiply that are timed from the start of the JVM: a matrix by itself. */
final class StartInput {
  /** Rows and columns. */
  static final int SIZE = 256;

  /** The element that is printed. */
  static final int PRINTED = 3 * SIZE + 5;

  private StartInput() {}

  /** Returns the matrix. */
  static float[] matrix() {
    float[] values = new float[SIZE * SIZE];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 7 - 3 + i % 11 * 0.25f;
    }
    return values;
  }
}
