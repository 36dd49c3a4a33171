package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;

/**
 * Affine map {@code y = x·Wᵀ + b} over the last axis: weight {@code [out, in]}, bias {@code [out]}
 * (layers reference, section 2).
 */
public final class Linear extends Module {
  static final String TYPE = "linear";

  private final Parameter weight;
  private final Parameter bias;

  /** Creates a layer with bias, both drawn as PyTorch does. */
  public Linear(int in, int out) {
    this(in, out, true);
  }

  /** Creates a layer with or without bias, drawn as PyTorch does. */
  public Linear(int in, int out, boolean withBias) {
    this(
        in,
        out,
        Init.pytorchWeight(),
        withBias
            ? Init.pytorchBias(Shape.of(Checks.size("out", out), Checks.size("in", in)))
            : null);
  }

  /**
   * Creates a layer with given initialisers.
   *
   * @param biasInit null for a layer without bias
   */
  public Linear(int in, int out, Init weightInit, Init biasInit) {
    this(Shape.of(Checks.size("out", out), Checks.size("in", in)), weightInit, biasInit);
  }

  private Linear(Shape shape, Init weightInit, Init biasInit) {
    weight = parameter("weight", shape, weightInit);
    bias = biasInit == null ? null : parameter("bias", Shape.of(shape.size(0)), biasInit);
  }

  static Linear create(Shapes shapes) {
    return new Linear(
        shapes.required("weight"),
        Init.pytorchWeight(),
        shapes.has("bias") ? Init.constant(0) : null);
  }

  /** Returns the weight {@code [out, in]}. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, or null. */
  public Parameter bias() {
    return bias;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.linear(x, pass.value(weight), pass.valueOrNull(bias));
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE);
  }
}
