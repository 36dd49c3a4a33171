package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.op.GroupNorm;
import org.espalier.autograd.op.LayerNorm;
import org.espalier.autograd.op.Softmax;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Removes the units that a sparse network no longer needs, in place, without changing what it
 * computes (sparse connectivity learning, 2.9):
 *
 * <ul>
 *   <li>a unit that nothing feeds is a constant: what it gives goes into its readers' biases (or
 *       the running mean of the norm behind them), and the unit goes;
 *   <li>a unit that nobody reads goes;
 * </ul>
 *
 * until nothing changes. Inputs and outputs of the model stay, and so do units whose constant a
 * zero-padded reader would see end at the border, units that meet an addition whose other side
 * lives, and units behind which a layer norm, group norm or softmax looks at all channels together.
 * Where a whole branch is dead one unit of it stays.
 */
public final class DeadUnits {
  private DeadUnits() {}

  /**
   * Removes all dead units; refused, before anything is changed, where no connection leads from
   * input to output.
   *
   * @param model the model, modified: parameters shrink, with masks and optimizer slots
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static CompactReport remove(Module model, Shape sampleShape) {
    model.initialize(0);
    if (!OpenPaths.exist(model, sampleShape)) {
      throw new StateException(
          "dead units: no connection leads from the input to the output any more, the model is a constant; train with a smaller lambda or sparsity");
    }
    Map<Parameter, Integer> widths = Compact.widths(model, sampleShape);
    long macs = ChannelGraph.of(model, sampleShape).macs();
    long parameters = Compact.parameters(model);
    boolean changed;
    do {
      // Each removal may leave other units without inputs or readers.
      changed = removeUnread(model, sampleShape) | removeConstant(model, sampleShape);
    } while (changed);
    return new CompactReport(
        Compact.changes(model, widths),
        macs,
        ChannelGraph.of(model, sampleShape).macs(),
        parameters,
        Compact.parameters(model),
        List.of());
  }

  private static boolean removeConstant(Module model, Shape sampleShape) {
    ChannelGraph graph = ChannelGraph.of(model, sampleShape);
    Set<Integer> mixed = mixed(graph);
    List<Unit> fixed =
        DeadChannels.of(graph).units().stream()
            .filter(unit -> !mixed.contains(unit.set()))
            .toList();
    if (fixed.isEmpty()) {
      return false;
    }
    Constants constants = new Constants(model, sampleShape, new ChannelSelection(graph, fixed));
    List<Unit> going = fixed.stream().filter(constants::isMovable).toList();
    if (going.isEmpty()) {
      return false;
    }
    List<String> inexact = new ChannelSelection(graph, going).cut(MaskPolicy.FOLD_CONSTANT);
    if (!inexact.isEmpty()) {
      throw new StateException("dead units: a constant was not exact after all: " + inexact);
    }
    return true;
  }

  private static boolean removeUnread(Module model, Shape sampleShape) {
    ChannelGraph graph = ChannelGraph.of(model, sampleShape);
    Set<Integer> mixed = mixed(graph);
    ChannelSelection unread =
        DeadChannels.of(graph, unit -> isUnread(unit) && !mixed.contains(unit.set()));
    unread.cut();
    return unread.size() > 0;
  }

  /** An index buffer hides who reads behind it. */
  private static boolean isUnread(Unit unit) {
    List<CutAxis> readers = new ArrayList<>();
    for (CutAxis axis : unit.footprint().keySet()) {
      if (axis.side() == Side.INDEX) {
        return false;
      }
      if (axis.side() == Side.IN) {
        readers.add(axis);
      }
    }
    for (CutAxis axis : readers) {
      Tensor value = axis.parameter().value();
      for (int index : axis.now(unit.footprint().get(axis))) {
        if (!Slices.isZero(value, axis.axis(), index)) {
          return false;
        }
      }
    }
    return !readers.isEmpty();
  }

  /** Returns the sets of channels that some call looks at together. */
  private static Set<Integer> mixed(ChannelGraph graph) {
    Set<Integer> sets = new HashSet<>();
    for (Call call : graph.calls()) {
      if (call.op() instanceof LayerNorm
          || call.op() instanceof GroupNorm
          || call.op() instanceof Softmax) {
        int axis = call.input(0).shape().rank() - 1;
        for (int channel = 0; channel < call.input(0).shape().size(axis); channel++) {
          sets.add(graph.setOf(call.input(0), axis, channel));
        }
      }
    }
    return sets;
  }
}
