package org.espalier.sparse.quant;

import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Takes the sign, that of 0 being +1 (resource-efficiency survey, Q3). The gradient goes straight
 * through: {@code dx = dy}, or with a window {@code dx = dy·1[|x| <= 1]}, as the derivative of a
 * hard tanh.
 *
 * @param windowed whether the gradient stops outside {@code [-1, 1]}
 */
record Sign(boolean windowed) implements Elementary {
  @Override
  public String name() {
    return "sign";
  }

  static double of(double x) {
    return x >= 0 ? 1 : -1;
  }

  @Override
  public void forward(Tensor x, Tensor y) {
    if (x.dtype() == DType.F64) {
      for (int i = 0; i < y.count(); i++) {
        y.set(i, of(x.get(i)));
      }
      return;
    }
    float[] from = x.f32();
    float[] to = y.f32();
    Parallel.range(
        y.count(),
        Parallel.GRAIN,
        (first, end) -> {
          for (int i = first; i < end; i++) {
            to[i] = from[i] >= 0 ? 1 : -1;
          }
        });
  }

  @Override
  public void gradient(Tensor x, Tensor dy, Tensor dx) {
    if (!windowed) {
      dx.copyFrom(dy);
      return;
    }
    if (x.dtype() == DType.F64) {
      for (int i = 0; i < dx.count(); i++) {
        dx.set(i, Math.abs(x.get(i)) <= 1 ? dy.get(i) : 0);
      }
      return;
    }
    float[] from = x.f32();
    float[] upstream = dy.f32();
    float[] to = dx.f32();
    Parallel.range(
        dx.count(),
        Parallel.GRAIN,
        (first, end) -> {
          for (int i = first; i < end; i++) {
            to[i] = Math.abs(from[i]) <= 1 ? upstream[i] : 0;
          }
        });
  }
}
