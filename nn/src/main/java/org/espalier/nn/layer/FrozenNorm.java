package org.espalier.nn.layer;

import java.util.function.Function;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Unary;

/**
 * Normalises with running statistics: {@code y = x·s + t}, {@code s = gamma/√(variance + eps)},
 * {@code t = beta - mean·s}.
 *
 * <p>Passes that record make both vectors by ordinary calls, so that all four tensors are coupled
 * to the channel; an infer pass makes them once for as long as nothing changes, by the same
 * arithmetic.
 */
final class FrozenNorm {
  /** The two vectors, and the versions of what they were made from. */
  private record Vectors(long version, Tensor scale, Tensor shift) {}

  private final Parameter gamma;
  private final Parameter beta;
  private final Parameter mean;
  private final Parameter variance;
  private final double eps;
  private volatile Vectors vectors;

  /** Creates the frozen form; gamma and beta are null together or given together. */
  FrozenNorm(Parameter gamma, Parameter beta, Parameter mean, Parameter variance, double eps) {
    this.gamma = gamma;
    this.beta = beta;
    this.mean = mean;
    this.variance = variance;
    this.eps = eps;
  }

  Var apply(Pass pass, Var x) {
    if (pass.mode() == Mode.INFER) {
      Vectors known = vectors();
      return Ops.scale(x, pass.tape().constant(known.scale), pass.tape().constant(known.shift));
    }
    Var scale = scale(pass::value);
    return Ops.scale(x, scale, shift(scale, pass::value));
  }

  /** Applies it and a rectifier in one call, in an infer pass. */
  Var applyRelu(Pass pass, Var x) {
    Vectors known = vectors();
    return Ops.scaleRelu(x, pass.tape().constant(known.scale), pass.tape().constant(known.shift));
  }

  /** Returns the factors s {@code [c]}. */
  Tensor scale() {
    return vectors().scale;
  }

  /** Returns the terms t {@code [c]}. */
  Tensor shift() {
    return vectors().shift;
  }

  private Var scale(Function<Parameter, Var> value) {
    Var inverse = Ops.pointwise(Unary.POW, -0.5, 0, Ops.affine(value.apply(variance), 1, eps));
    return gamma == null ? inverse : Ops.mul(inverse, value.apply(gamma));
  }

  private Var shift(Var scale, Function<Parameter, Var> value) {
    Var moved = Ops.mul(value.apply(mean), scale);
    return beta == null ? Ops.affine(moved, -1, 0) : Ops.sub(value.apply(beta), moved);
  }

  /** Two threads may both make the vectors, with equal bits. */
  private Vectors vectors() {
    long version = version();
    Vectors known = vectors;
    if (known == null || known.version != version) {
      Var scale = scale(parameter -> Var.constant(parameter.value()));
      Var shift = shift(scale, parameter -> Var.constant(parameter.value()));
      known = new Vectors(version, scale.value(), shift.value());
      vectors = known;
    }
    return known;
  }

  /** Versions only grow, so their sum changes with each of them. */
  long version() {
    long affine = gamma == null ? 0 : gamma.version() + beta.version();
    return affine + mean.version() + variance.version();
  }
}
