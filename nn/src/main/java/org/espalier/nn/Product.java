package org.espalier.nn;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;

/**
 * Multiplies a main path by a gate computed from the same input: {@code y = main(x) ⊙ gate(x)}. The
 * gate gives {@code [n, c]}, repeated over all positions (squeeze-and-excite), or the shape of the
 * main path.
 */
public final class Product extends Module {
  private static final String MAIN = "main";
  private static final String GATE = "gate";

  /** Creates the module; {@link Identity} as main multiplies the input itself. */
  public Product(Module main, Module gate) {
    child(MAIN, main);
    child(GATE, gate);
  }

  /** Returns the main path. */
  public Module main() {
    return children().get(MAIN);
  }

  /** Returns the gate. */
  public Module gate() {
    return children().get(GATE);
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    Var value = main().apply(pass, x);
    Var gate = gate().apply(pass, x);
    Var product = gate.shape().equals(value.shape()) ? Ops.mul(value, gate) : Ops.gate(value, gate);
    if (value != x) {
      pass.release(value);
    }
    if (gate != x) {
      pass.release(gate);
    }
    return product;
  }

  @Override
  protected Spec describe() {
    return Spec.of("product");
  }
}
