package org.espalier.sparse.mask;

import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Multiplies a parameter elementwise with a mask that does not train, {@code w ⊙ m}: hard pruning.
 * Where the mask is 0, the value stays 0 and no gradient reaches the raw weight. The mask is state:
 * it is saved, and cut along with its parameter.
 */
public final class FixedMask implements Parametrization {
  /** The name in specs and in the paths of saved tensors: {@code conv1.weight.fixed_mask.mask}. */
  public static final String TYPE = "fixed_mask";

  private static final String MASK = "mask";

  private final Parameter mask;

  /** Creates the parametrization; the mask, of the parameter's shape, is copied. */
  public FixedMask(Tensor mask) {
    this.mask = Parameter.buffer(MASK, mask.copy());
  }

  /** Returns a mask of ones of a shape, whose values come from a file. */
  static FixedMask empty(Shape shape) {
    return new FixedMask(Tensor.full(org.espalier.tensor.DType.F32, shape, 1));
  }

  /** Returns the mask. */
  public Parameter mask() {
    return mask;
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Ops.mul(raw, pass.value(mask));
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(MASK, mask);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE);
  }
}
