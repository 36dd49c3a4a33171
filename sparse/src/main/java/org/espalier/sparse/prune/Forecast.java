package org.espalier.sparse.prune;

import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Costs;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Shape;

/**
 * Says what a model costs without some of its channels, before anything is cut:
 * multiply-accumulates by the axes of the recorded calls, parameters by the sizes of what the
 * channels take.
 */
final class Forecast {
  private final ChannelGraph graph;
  private final IndexSets sets;
  private final Set<Integer> gone = new LinkedHashSet<>();
  private final long macsAsRead;
  private final long parametersAsRead;

  Forecast(ChannelGraph graph, IndexSets sets) {
    this.graph = graph;
    this.sets = sets;
    macsAsRead = macs(Set.of());
    parametersAsRead = parameters();
  }

  /** Notes channels that were cut. */
  void cut(Collection<Unit> units) {
    units.forEach(unit -> gone.add(unit.set()));
  }

  /** Returns the multiply-accumulates of one sample when the graph was read. */
  long macsAsRead() {
    return macsAsRead;
  }

  /** Returns the trainable numbers when the graph was read. */
  long parametersAsRead() {
    return parametersAsRead;
  }

  /** Returns the multiply-accumulates of one sample after some more channels would be cut. */
  long macsWithout(Collection<Unit> going) {
    Set<Integer> out = new LinkedHashSet<>(gone);
    going.forEach(unit -> out.add(unit.set()));
    return macs(out);
  }

  private long macs(Set<Integer> out) {
    long macs = 0;
    for (Call call : graph.calls()) {
      if (call.op().cost(call.axes()).macs() > 0) {
        Shape[] shapes = new Shape[call.inputCount()];
        for (int i = 0; i < shapes.length; i++) {
          shapes[i] = call.input(i) == null ? null : shapeWithout(call.input(i), out);
        }
        macs += call.op().cost(call.op().axes(shapes)).macs();
      }
    }
    return macs;
  }

  private Shape shapeWithout(Var var, Set<Integer> out) {
    int[] sizes = var.shape().sizes();
    if (!out.isEmpty()) {
      for (int axis = 0; axis < sizes.length; axis++) {
        for (int k = 0; k < var.shape().size(axis); k++) {
          if (out.contains(sets.find(sets.node(var, axis, k)))) {
            sizes[axis]--;
          }
        }
      }
    }
    return Shape.of(sizes);
  }

  /** Returns the trainable numbers of now. */
  long parameters() {
    return graph.model().parameters().stream().mapToLong(Forecast::stored).sum();
  }

  private static long stored(Parameter parameter) {
    return parameter.isInitialized() ? parameter.raw().count() : parameter.shape().count();
  }

  /** Returns the trainable numbers after some more channels would be cut. */
  long parametersWithout(Collection<Unit> going) {
    Map<Parameter, Map<CutAxis, Integer>> losses = losses(going);
    if (losses.keySet().stream().anyMatch(Forecast::isFactored)) {
      // How such a parameter shrinks only its parametrizations know.
      ChannelSelection selection = new ChannelSelection(graph, List.copyOf(going));
      return Costs.of(graph.trial(selection), graph.sampleShape()).params();
    }
    long left = parameters();
    for (Map.Entry<Parameter, Map<CutAxis, Integer>> loss : losses.entrySet()) {
      Shape before = loss.getKey().shape();
      Shape after = before;
      for (Map.Entry<CutAxis, Integer> lost : loss.getValue().entrySet()) {
        int axis = lost.getKey().axis();
        after = after.with(axis, before.size(axis) - lost.getValue());
      }
      left -= before.count() - after.count();
    }
    return left;
  }

  private static boolean isFactored(Parameter parameter) {
    return parameter.parametrizations().stream()
        .flatMap(parametrization -> parametrization.parameters().values().stream())
        .anyMatch(inner -> !inner.isBuffer());
  }

  /** Returns how many indices of which axes each trainable parameter loses. */
  private Map<Parameter, Map<CutAxis, Integer>> losses(Collection<Unit> going) {
    Map<Parameter, Map<CutAxis, Integer>> losses = new IdentityHashMap<>();
    for (Unit unit : new LinkedHashSet<>(going)) {
      unit.footprint()
          .forEach(
              (axis, indices) -> {
                if (!axis.parameter().isBuffer()) {
                  losses
                      .computeIfAbsent(axis.parameter(), key -> new LinkedHashMap<>())
                      .merge(axis, indices.length, Integer::sum);
                }
              });
    }
    return losses;
  }

  @Override
  public String toString() {
    return "as read: %,d MACs, %,d parameters".formatted(macsAsRead, parametersAsRead);
  }
}
