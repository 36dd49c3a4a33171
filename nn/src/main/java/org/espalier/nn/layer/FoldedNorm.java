package org.espalier.nn.layer;

import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Holds the weights of a convolution with the frozen normalisation behind it folded in: {@code
 * w'[o] = w[o]·s[o]}, {@code b'[o] = b[o]·s[o] + t[o]} computes {@code (w*x + b)·s + t} in one
 * call.
 *
 * @param version the versions of all parameters when this was made, added up: each only grows
 * @param norm the normalisation
 * @param weight the weight {@code [out, ...]}
 * @param bias the bias {@code [out]}
 */
record FoldedNorm(long version, FrozenNorm norm, Tensor weight, Tensor bias) {
  /** Folds a normalisation into a weight and a bias, which may be null; both stay as they are. */
  static FoldedNorm of(Parameter weight, Parameter bias, FrozenNorm norm) {
    long version = version(weight, bias, norm);
    Tensor scale = norm.scale();
    Tensor folded = weight.value().copy();
    int out = folded.shape().size(0);
    int run = folded.count() / Math.max(1, out);
    for (int i = 0; i < folded.count(); i++) {
      folded.set(i, folded.get(i) * scale.get(i / run));
    }
    Tensor shift = Tensor.zeros(folded.dtype(), Shape.of(out));
    for (int o = 0; o < out; o++) {
      double before = bias == null ? 0 : bias.value().get(o) * scale.get(o);
      shift.set(o, before + norm.shift().get(o));
    }
    return new FoldedNorm(version, norm, folded.frozen(), shift);
  }

  /** Tells whether this still is what {@link #of} would return. */
  boolean isOf(Parameter otherWeight, Parameter otherBias, FrozenNorm otherNorm) {
    return norm == otherNorm && version == version(otherWeight, otherBias, otherNorm);
  }

  private static long version(Parameter weight, Parameter bias, FrozenNorm norm) {
    return weight.version() + (bias == null ? 0 : bias.version()) + norm.version();
  }
}
