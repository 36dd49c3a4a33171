package org.espalier.sparse.quant;

import org.espalier.nn.Parameter;

/** Brings a weight back to where a technique needs it, behind each optimizer step. */
interface Constrained {
  /** Changes the weight that the parametrization is attached to. */
  void constrain(Parameter weight);
}
