package org.espalier.sparse.prune;

import java.util.LinkedHashSet;
import java.util.Set;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;

/** Refuses cuts that would break a model (structured-pruning reference, section 5). */
final class CutRules {
  private CutRules() {}

  /** Checks a cut before anything is changed; messages print the channels. */
  static void check(ChannelSelection selection) {
    if (selection.units().stream().anyMatch(Unit::isCut)) {
      throw new StateException("cut: some of these channels were cut before:\n" + selection);
    }
    if (!selection.pins().isEmpty()) {
      throw new IllegalArgumentException(
          "cut: %s; outputs can be allowed by ChannelGraph.builder(...).allowOutputs():\n%s"
              .formatted(String.join("; ", selection.pins()), selection));
    }
    Set<CutAxis> axes = new LinkedHashSet<>();
    selection.units().forEach(unit -> axes.addAll(unit.footprint().keySet()));
    axes.forEach(CutAxis::checkUnchanged);
    Set<DType> types = new LinkedHashSet<>();
    for (CutAxis axis : axes) {
      checkFrozen(axis.parameter(), selection);
      if (axis.parameter().dtype().isFloating()) {
        types.add(axis.parameter().dtype());
      }
      checkRest(axis, selection);
    }
    if (types.size() > 1) {
      throw new IllegalArgumentException(
          "cut: the parameters mix "
              + types
              + "; convert the model to one type first:\n"
              + selection);
    }
  }

  private static void checkFrozen(Parameter parameter, ChannelSelection selection) {
    if (!parameter.isBuffer() && !parameter.isTrainable()) {
      throw new StateException(
          "cut: '%s' is frozen; unfreeze it by setTrainable(true) or ignore its layer:\n%s"
              .formatted(parameter.name(), selection));
    }
  }

  private static void checkRest(CutAxis axis, ChannelSelection selection) {
    int going = 0;
    for (Unit unit : selection.units()) {
      int[] first = unit.footprint().get(axis);
      going += first == null ? 0 : first.length;
    }
    if (going >= axis.size()) {
      throw new IllegalArgumentException(
          "cut: nothing would be left of '%s': all %d indices of axis %d were requested; keep at least one channel:\n%s"
              .formatted(axis.path(), axis.size(), axis.axis(), selection));
    }
  }
}
