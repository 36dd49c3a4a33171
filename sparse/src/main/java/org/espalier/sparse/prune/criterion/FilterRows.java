package org.espalier.sparse.prune.criterion;

import org.espalier.nn.Parameter;
import org.espalier.tensor.Tensor;

/** Works on the rows of a parameter, index by index of its first axis: filters, biases, gammas. */
public final class FilterRows {
  private FilterRows() {}

  /** Sets the effective value to zero in some rows; slots are left alone. */
  public static void zero(Parameter parameter, int... rows) {
    if (parameter.parametrizations().isEmpty()) {
      parameter.update(raw -> zero(raw, rows));
    } else {
      Tensor value = parameter.value().copy();
      zero(value, rows);
      parameter.set(value);
    }
  }

  private static void zero(Tensor tensor, int... rows) {
    int row = tensor.count() / tensor.shape().size(0);
    for (int index : rows) {
      for (int e = index * row; e < (index + 1) * row; e++) {
        tensor.set(e, 0);
      }
    }
  }
}
