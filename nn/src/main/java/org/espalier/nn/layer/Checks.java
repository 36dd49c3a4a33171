package org.espalier.nn.layer;

/** Refuses bad constructor arguments of layers. */
final class Checks {
  private Checks() {}

  static int size(String name, int size) {
    if (size < 1) {
      throw new IllegalArgumentException("layer: " + name + " must be at least 1, got " + size);
    }
    return size;
  }

  static double probability(String layer, double p) {
    if (!(p >= 0 && p <= 1)) {
      throw new IllegalArgumentException(layer + ": p must be inside [0, 1], got " + p);
    }
    return p;
  }

  static double positive(String layer, String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          layer + ": " + name + " must be positive and finite, got " + value);
    }
    return value;
  }
}
