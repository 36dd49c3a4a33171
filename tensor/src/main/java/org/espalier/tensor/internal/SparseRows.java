package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;

/**
 * Holds a weight by compressed sparse rows, one an output: the values that are not zero and their
 * places in the flattened rest of the weight.
 *
 * @param starts where the values of each row begin, and the end of the last
 * @param places places of the values in their rows, ascending
 * @param values the values
 */
record SparseRows(int[] starts, int[] places, float[] values) {
  /** Returns the rows of a weight, made once if it is frozen. */
  static SparseRows of(Tensor weight) {
    return weight.prepacked() == null
        ? made(weight)
        : weight.prepacked().get(SparseRows.class, SparseRows.class, () -> made(weight));
  }

  private static SparseRows made(Tensor weight) {
    float[] dense = weight.f32();
    int rows = weight.shape().size(0);
    int width = rows == 0 ? 0 : dense.length / rows;
    int[] starts = new int[rows + 1];
    for (int at = 0; at < dense.length; at++) {
      if (dense[at] != 0) {
        starts[at / width + 1]++;
      }
    }
    for (int row = 0; row < rows; row++) {
      starts[row + 1] += starts[row];
    }
    int[] places = new int[starts[rows]];
    float[] values = new float[starts[rows]];
    int next = 0;
    for (int at = 0; at < dense.length; at++) {
      if (dense[at] != 0) {
        places[next] = at % width;
        values[next++] = dense[at];
      }
    }
    return new SparseRows(starts, places, values);
  }

  /** Returns the number of rows. */
  int count() {
    return starts.length - 1;
  }
}
