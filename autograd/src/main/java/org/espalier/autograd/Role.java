package org.espalier.autograd;

/** Says what relevance and importance may do at an op. */
public enum Role {
  /** The output is linear in input 0 with the others fixed; the inputs are (data, weight, bias). */
  LINEAR,
  /** An activation: relevance goes through unchanged. */
  PASS,
  /** A sum: relevance is shared by contribution. */
  SPLIT,
  /** Selection or rearrangement: relevance goes where the gradient goes. */
  ROUTE,
  /** No rule: explaining through this op is refused. */
  OPAQUE
}
