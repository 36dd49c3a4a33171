package org.espalier.cli.recipe;

import org.espalier.nn.Module;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.DeadUnits;
import org.espalier.tensor.StateException;

/**
 * Ends a run that left single connections out: shows the model with its zeros, and the one without
 * the units that nothing feeds or nobody reads any more, which computes the same.
 */
final class SparseEnding {
  private static final String MASKED = "masked";
  private static final String COMPACT = "compact";

  private SparseEnding() {}

  static void finish(Ending ending) {
    ending.countZeros();
    Module compact = ending.copy();
    ending.add(MASKED, ending.model());
    if (isParametrized(compact)) {
      // A unit that is constant before rounding need not be one behind it.
      ending.explain("masked: the zeros stay where they are, as weights are rounded too");
      return;
    }
    CompactReport cut;
    try {
      cut = DeadUnits.remove(compact, ending.input());
    } catch (StateException nothingLeft) {
      ending.fact(nothingLeft.getMessage());
      return;
    }
    ending.widths(cut);
    ending.explain("compact: without the units that nothing feeds or nobody reads");
    ending.add(COMPACT, compact);
    ending.expectEqual(MASKED, COMPACT, 1e-5);
  }

  private static boolean isParametrized(Module model) {
    return model.state().values().stream().anyMatch(p -> !p.parametrizations().isEmpty());
  }
}
