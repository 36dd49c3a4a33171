package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Makes the values at a port +1 or -1, with the window of a hard tanh for the gradient: {@code y =
 * sign(x)}, {@code dx = dy·1[|x| <= 1]} (binarised networks; Courbariaux et al. 2016;
 * resource-efficiency survey, Q3). The order of layers is convolution, batch norm, this.
 */
public final class BinaryValues implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "binary_values";

  /** Creates the parametrization. */
  public BinaryValues() {}

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new Sign(true), raw);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE);
  }
}
