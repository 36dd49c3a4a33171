package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import org.espalier.autograd.Call;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;

/**
 * Knows which indices of which parameters of a model must be cut together (the field's dependency
 * graph; Fang et al., "DepGraph", CVPR 2023; structured-pruning reference, section 2).
 *
 * <p>It is read off one pass that computes no number: every call ties indices of its inputs and
 * output, and what is tied, however far apart, is one channel. No layer type is inspected. Channels
 * that reach the model's input or output, or an ignored layer, are pinned: they are listed, with
 * the reason, and cutting them is an error.
 *
 * <p>A graph stays valid through its own cuts; all indices are those of the model as it is now. Not
 * thread-safe.
 */
public final class ChannelGraph {
  /** States what a graph may cut. */
  public static final class Builder {
    private final Module model;
    private final Shape sampleShape;
    private final List<String> ignored = new ArrayList<>();
    private boolean outputs;

    private Builder(Module model, Shape sampleShape) {
      this.model = model;
      this.sampleShape = sampleShape;
    }

    /** Pins all channels that these layers (or all layers below these paths) make. */
    public Builder ignore(String... layers) {
      for (String layer : layers) {
        boolean known =
            model.modules().containsKey(layer)
                || model.state().keySet().stream()
                    .anyMatch(path -> path.equals(layer) || path.startsWith(layer + "."));
        if (!known || layer.isEmpty()) {
          throw new IllegalArgumentException(
              "channel graph: no layer '"
                  + layer
                  + "' to ignore, there are "
                  + model.state().keySet());
        }
        ignored.add(layer);
      }
      return this;
    }

    /** Lets the model's outputs be cut too: whole classes go then. */
    public Builder allowOutputs() {
      outputs = true;
      return this;
    }

    /** Runs the shape pass and reads the graph. */
    public ChannelGraph build() {
      try (Pass pass = Pass.shapes()) {
        Var x = pass.tape().input(dtype(model), batch(sampleShape), false);
        Var y = model.apply(pass, x);
        return read(model, pass.tape(), x, outputs ? null : y, ignored);
      }
    }
  }

  private final Module model;
  private final Shape sampleShape;
  private final GraphReader reader;
  private final IndexSets sets;
  private final List<Call> calls;
  private final List<CutAxis> axes;
  private final List<IndexList> lists;
  private final List<Unit> units;
  private final Map<Integer, Unit> unitOfSet = new HashMap<>();
  private final List<CutRecord> history = new ArrayList<>();
  private final Set<Integer> summed;
  private final Forecast forecast;

  private ChannelGraph(Module model, Shape sampleShape, GraphReader reader, List<String> ignored) {
    this.model = model;
    this.sampleShape = sampleShape;
    this.reader = reader;
    sets = reader.sets();
    calls = reader.calls();
    lists = reader.lists();
    axes = reader.axes();
    units = reader.units(axes, ignored);
    units.forEach(unit -> unitOfSet.put(unit.set(), unit));
    summed = reader.summed();
    forecast = new Forecast(this, sets);
  }

  /**
   * Reads the graph of a model.
   *
   * @param model the model; not modified
   * @param sampleShape the shape of one sample, without the batch axis: {@code [h, w, c]}
   */
  public static ChannelGraph of(Module model, Shape sampleShape) {
    return builder(model, sampleShape).build();
  }

  /** Returns a builder, for layers to ignore and for outputs that may be cut. */
  public static Builder builder(Module model, Shape sampleShape) {
    return new Builder(model, sampleShape);
  }

  /** Reads the graph of a pass that was recorded already; it must record all calls. */
  static ChannelGraph read(Module model, Tape tape, Var input, Var output, List<String> ignored) {
    GraphReader reader = new GraphReader(model, tape, input, output);
    return new ChannelGraph(model, input.shape().sample(), reader, ignored);
  }

  /** Returns the model whose channels these are. */
  public Module model() {
    return model;
  }

  /** Returns the shape of one sample, without the batch axis. */
  public Shape sampleShape() {
    return sampleShape;
  }

  /** Returns the shape of a batch of one sample. */
  static Shape batch(Shape sampleShape) {
    int[] sizes = new int[sampleShape.rank() + 1];
    sizes[0] = 1;
    System.arraycopy(sampleShape.sizes(), 0, sizes, 1, sampleShape.rank());
    return Shape.of(sizes);
  }

  /** Returns the floating type a model computes in: that of its first floating parameter. */
  static DType dtype(Module model) {
    return model.state().values().stream()
        .map(Parameter::dtype)
        .filter(DType::isFloating)
        .findFirst()
        .orElse(DType.F32);
  }

  /** Returns all groups, pinned ones too, in the order in which the pass makes their channels. */
  public List<ChannelGroup> groups() {
    Map<Object, List<Unit>> kinds = new LinkedHashMap<>();
    for (Unit unit : units) {
      kinds.computeIfAbsent(unit.kind(), key -> new ArrayList<>()).add(unit);
    }
    return kinds.values().stream()
        .map(list -> new ChannelGroup(this, list))
        .filter(group -> group.size() > 0)
        .toList();
  }

  /** Returns the groups whose channels may be cut. */
  public List<ChannelGroup> prunable() {
    return groups().stream().filter(ChannelGroup::isPrunable).toList();
  }

  /** Returns the group that holds the first row of a producer, such as {@code stem.weight}. */
  public ChannelGroup groupOf(String path) {
    Unit unit = select(path, 0, 0).units().get(0);
    return groups().stream()
        .filter(group -> group.units().contains(unit))
        .findFirst()
        .orElseThrow();
  }

  /**
   * Returns the channels that hold some indices of a parameter, with all that goes with them; a
   * negative axis counts from the end.
   */
  public ChannelSelection select(String path, int axis, int... indices) {
    CutAxis found = axis(path, axis);
    Set<Unit> selected = new LinkedHashSet<>();
    Set<Integer> seen = new LinkedHashSet<>();
    for (int index : indices) {
      if (index < 0 || index >= found.size()) {
        throw new IllegalArgumentException(
            "%s: index %d of axis %d is outside 0..%d"
                .formatted(path, index, found.axis(), found.size() - 1));
      }
      if (!seen.add(index)) {
        throw new IllegalArgumentException(
            "%s: index %d of axis %d (size %d) is listed twice"
                .formatted(path, index, found.axis(), found.size()));
      }
      selected.add(unitOf(found, index));
    }
    return new ChannelSelection(this, List.copyOf(selected));
  }

  private CutAxis axis(String path, int axis) {
    for (CutAxis candidate : axes) {
      if (candidate.path().equals(path)
          && candidate.axis() == candidate.parameter().shape().axis(axis)) {
        return candidate;
      }
    }
    throw new IllegalArgumentException(
        "channel graph: nothing is coupled to axis "
            + axis
            + " of '"
            + path
            + "'; coupled are "
            + axes);
  }

  private Unit unitOf(CutAxis axis, int index) {
    Unit unit = unitOfSet.get(sets.find(axis.nodes()[axis.first(index)]));
    if (unit == null) {
      throw new IllegalArgumentException(
          "%s: no convolution or linear layer makes what index %d of axis %d reads; it comes from the model's input or a fixed-width stream"
              .formatted(axis.path(), index, axis.axis()));
    }
    return unit;
  }

  /** Returns the calls of the pass that was read. */
  List<Call> calls() {
    return calls;
  }

  /** Returns the parameter whose effective value a variable held, or null. */
  Parameter parameterOf(Var var) {
    return reader.parameterOf(var);
  }

  /** Returns the number of the set that an index of an axis belongs to. */
  int setOf(Var var, int axis, int index) {
    return sets.find(sets.node(var, axis, index));
  }

  /** Cuts channels, after all checks: either everything is cut or nothing. */
  void cut(Collection<Unit> going) {
    Set<Unit> distinct = new LinkedHashSet<>(going);
    if (distinct.isEmpty()) {
      return;
    }
    ChannelSelection selection = new ChannelSelection(this, List.copyOf(distinct));
    CutRules.check(selection);
    history.add(CutRecord.of(selection));
    forecast.cut(distinct);
    Set<Integer> now = new LinkedHashSet<>();
    distinct.forEach(unit -> now.add(unit.set()));
    IntPredicate goes = node -> now.contains(sets.find(node));
    lists.forEach(list -> list.renumber(goes));
    axes.forEach(
        axis -> {
          int[] first = axis.where(goes);
          if (first.length > 0) {
            axis.cut(first);
          }
        });
    distinct.forEach(Unit::setCut);
  }

  /** Returns what was cut so far, in order, for {@link #replay}. */
  public List<CutRecord> history() {
    return Collections.unmodifiableList(history);
  }

  /** Repeats cuts, as a checkpoint of a pruned model needs on a fresh dense one. */
  public void replay(List<CutRecord> cuts) {
    for (CutRecord record : cuts) {
      List<Unit> going = new ArrayList<>();
      record.slices().forEach(s -> going.addAll(select(s.path(), s.axis(), s.indices()).units()));
      cut(going);
    }
  }

  /** Returns the multiply-accumulates of one sample, read off the calls' axes at present widths. */
  public long macs() {
    return forecast.macsWithout(List.of());
  }

  /** Returns the trainable numbers of now. */
  public long parameters() {
    return forecast.parameters();
  }

  /** Returns what the model costs without some channels, of now and when the graph was read. */
  Forecast forecast() {
    return forecast;
  }

  /** Tells whether a channel is added to others element by element, as residual streams are. */
  boolean isSummed(Unit unit) {
    return summed.contains(unit.set());
  }

  /**
   * Returns a copy of the model, made by its spec, without some channels; the model itself is left
   * alone.
   */
  public Module trial(ChannelSelection going) {
    Module copy = Snapshot.of(model, Map.of()).build();
    if (going.size() > 0) {
      ChannelGraph graph = builder(copy, sampleShape).allowOutputs().build();
      graph.replay(List.of(CutRecord.of(going)));
    }
    return copy;
  }

  /** Returns all groups, as they print themselves. */
  @Override
  public String toString() {
    return String.join("\n", groups().stream().map(ChannelGroup::toString).toList());
  }
}
