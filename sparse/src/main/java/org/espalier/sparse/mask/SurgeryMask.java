package org.espalier.sparse.mask;

import java.util.Map;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Multiplies a weight with a fixed mask, {@code w ⊙ m}, and lets the gradient of the product reach
 * all of the weight, masked numbers too: what dynamic network surgery needs to splice connections
 * back.
 */
public final class SurgeryMask implements Parametrization {
  /** The name in specs and in the paths of saved tensors: {@code fc.weight.surgery_mask.mask}. */
  public static final String TYPE = "surgery_mask";

  private static final String MASK = "mask";

  /** The product, whose gradient passes by the mask. */
  private record Masked() implements Op {
    private static final AxisSpec AXES = AxisSpec.of("weight: ..., mask: ... -> ...");

    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return AXES.bind(this, inputs);
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      KernelLookup.of(y).binary(Binary.MUL, in[0], in[1], Span.equal(y.shape()), y);
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      return new Tensor[] {call.needs(0) ? dy : null, null};
    }
  }

  private final Parameter mask;

  /** Creates the parametrization; the mask, of the parameter's shape, is copied. */
  public SurgeryMask(Tensor mask) {
    this.mask = Parameter.buffer(MASK, mask.copy());
  }

  /** Returns the mask on a weight, or null. */
  public static SurgeryMask on(Parameter weight) {
    for (Parametrization parametrization : weight.parametrizations()) {
      if (parametrization instanceof SurgeryMask found) {
        return found;
      }
    }
    return null;
  }

  /** Returns the mask. */
  public Parameter mask() {
    return mask;
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new Masked(), raw, pass.value(mask));
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
