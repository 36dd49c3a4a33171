package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Multiplies all channels of a pixel by one number, {@code y = x·k}; k is constant
 * (resource-efficiency survey, Q4).
 */
record PixelScale() implements Op {
  private static final AxisSpec AXES = AxisSpec.of("x: ... c, scale: ... one -> ... c");

  @Override
  public String name() {
    return "pixel_scale";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return AXES.bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    scale(in[0], in[1], y);
  }

  private static void scale(Tensor x, Tensor k, Tensor y) {
    int channels = x.count() / Math.max(1, k.count());
    if (x.dtype() == DType.F64) {
      for (int i = 0; i < y.count(); i++) {
        y.set(i, x.get(i) * k.get(i / channels));
      }
      return;
    }
    float[] from = x.f32();
    float[] factors = k.f32();
    float[] to = y.f32();
    for (int pixel = 0; pixel < k.count(); pixel++) {
      for (int i = pixel * channels; i < (pixel + 1) * channels; i++) {
        to[i] = from[i] * factors[pixel];
      }
    }
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.needs(0) ? call.like(0) : null;
    if (dx != null) {
      scale(dy, call.in(1), dx);
    }
    return new Tensor[] {dx, null};
  }
}
