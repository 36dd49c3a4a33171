package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Cost;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;

/** Is what ops share that only move numbers: nothing to compute, nothing to read again. */
sealed interface Move extends Op permits Concat, Rearrange, Slice {
  @Override
  default Keep keep() {
    return Keep.NONE;
  }

  @Override
  default Cost cost(Axes axes) {
    return Cost.NONE;
  }

  @Override
  default Role role() {
    return Role.ROUTE;
  }
}
