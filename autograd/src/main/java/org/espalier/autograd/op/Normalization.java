package org.espalier.autograd.op;

import org.espalier.autograd.Call;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Does the arithmetic of the normalisations within one sample: statistics over the middle of one
 * span, gamma and beta along the companion of another.
 *
 * @param statistics the view whose middle is normalised
 * @param affine the view whose companion are gamma and beta
 * @param eps added to the variance, or to the deviation
 * @param outside whether eps is added to the deviation, outside the root
 */
record Normalization(Span statistics, Span affine, double eps, boolean outside) {
  /** Computes y; saves mean, variance and inverse deviation. */
  void forward(Tensor x, Tensor gamma, Tensor beta, Tensor y, Saved saved) {
    Kernels kernels = KernelLookup.of(y);
    Shape companion = Shape.of(statistics.companion());
    Tensor mean = saved.tensor(y.dtype(), companion);
    Tensor variance = saved.tensor(y.dtype(), companion);
    Tensor inverse = saved.tensor(y.dtype(), companion);
    kernels.moments(x, statistics, mean, variance);
    for (int k = 0; k < companion.count(); k++) {
      double v = variance.get(k);
      inverse.set(k, 1 / (outside ? Math.sqrt(v) + eps : Math.sqrt(v + eps)));
    }
    standardise(x, mean, inverse, saved.scratch(y.dtype(), companion), y);
    if (gamma != null || beta != null) {
      kernels.scaleShift(y, gamma, beta, affine, false, y);
    }
  }

  /** Computes {@code y = (x - mean) · inverse}. */
  private void standardise(Tensor x, Tensor mean, Tensor inverse, Tensor shift, Tensor y) {
    for (int k = 0; k < shift.count(); k++) {
      shift.set(k, -mean.get(k) * inverse.get(k));
    }
    KernelLookup.of(y).scaleShift(x, inverse, shift, statistics, false, y);
  }

  /** Computes the gradients of x, gamma and beta. */
  Tensor[] vjp(Call call, Tensor dy) {
    Kernels kernels = KernelLookup.of(dy);
    Tensor dbeta = call.needs(2) ? call.like(2) : null;
    if (dbeta != null) {
      kernels.reduce(Reduction.SUM, dy, affine, dbeta);
    }
    Tensor dgamma = null;
    if (call.needs(1)) {
      Tensor normal = normal(call, call.in(0));
      dgamma = gradGamma(call, normal, dy);
      call.release(normal);
    }
    Tensor dx = null;
    if (call.needs(0)) {
      Tensor scaled = scaled(call, dy);
      dx = gradInput(call, call.in(0), scaled);
      call.release(scaled);
    }
    return new Tensor[] {dx, dgamma, dbeta};
  }

  /** Returns the normalised x again, in x's layout. */
  Tensor normal(Call call, Tensor x) {
    Tensor normal = call.scratch(x.dtype(), x.shape());
    Tensor shift = call.scratch(x.dtype(), Shape.of(statistics.companion()));
    standardise(x, call.saved(0), call.saved(2), shift, normal);
    call.release(shift);
    return normal;
  }

  /** Returns the gradient of gamma; {@code normal} is modified. */
  Tensor gradGamma(Call call, Tensor normal, Tensor dy) {
    KernelLookup.of(dy).binary(Binary.MUL, normal, dy, Span.equal(dy.shape()), normal);
    Tensor dgamma = call.like(1);
    KernelLookup.of(dy).reduce(Reduction.SUM, normal, affine, dgamma);
    return dgamma;
  }

  /** Returns dy times gamma, or a copy of dy. */
  Tensor scaled(Call call, Tensor dy) {
    Tensor scaled = call.scratch(dy.dtype(), dy.shape());
    if (call.input(1) == null) {
      scaled.copyFrom(dy);
    } else {
      KernelLookup.of(dy).scaleShift(dy, call.in(1), null, affine, false, scaled);
    }
    return scaled;
  }

  /**
   * Returns the gradient of x from that of the normalised x, {@code dx = inverse · (d - mean d - (x
   * - mean) · Σ d·(x - mean)·inverse / (m · root))}.
   */
  Tensor gradInput(Call call, Tensor x, Tensor dNormal) {
    Kernels kernels = KernelLookup.of(x);
    Shape companion = Shape.of(statistics.companion());
    Tensor mean = call.saved(0);
    Tensor sum = call.scratch(x.dtype(), companion);
    Tensor slope = call.scratch(x.dtype(), companion);
    kernels.normSums(dNormal, x, mean, call.saved(2), null, null, statistics, sum, slope);
    for (int k = 0; k < companion.count(); k++) {
      double inverse = call.saved(2).get(k);
      double root = Math.sqrt(call.saved(1).get(k) + (outside ? 0 : eps));
      double s = root == 0 ? 0 : -inverse * slope.get(k) / statistics.middle() / root;
      sum.set(k, -inverse * sum.get(k) / statistics.middle() - s * mean.get(k));
      slope.set(k, s);
    }
    Tensor dx = call.scratch(x.dtype(), x.shape());
    kernels.combine(dNormal, call.saved(2), x, slope, sum, null, statistics, dx);
    call.release(sum);
    call.release(slope);
    return dx;
  }
}
