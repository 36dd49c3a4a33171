package org.espalier.autograd;

/** Says what an op's vector-Jacobian product reads again; a training tape drops the rest. */
public enum Keep {
  /** Neither inputs nor output. */
  NONE,
  /** The inputs. */
  INPUTS,
  /** The output. */
  OUTPUT,
  /** Inputs and output. */
  BOTH;

  /** Tells whether inputs must stay. */
  public boolean inputs() {
    return this == INPUTS || this == BOTH;
  }

  /** Tells whether the output must stay. */
  public boolean output() {
    return this == OUTPUT || this == BOTH;
  }
}
