package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Tensor;

/** Is a choice of channels, of one group or several, with everything that goes with them. */
public final class ChannelSelection {
  private final ChannelGraph graph;
  private final List<Unit> units;

  ChannelSelection(ChannelGraph graph, List<Unit> units) {
    this.graph = graph;
    this.units = units;
  }

  List<Unit> units() {
    return units;
  }

  /** Returns the number of channels. */
  public int size() {
    return units.size();
  }

  /** Returns what loses indices, producers first. */
  public List<Member> members() {
    return members(new ChannelSelection(graph, List.of()));
  }

  /**
   * Returns what loses indices.
   *
   * @param gone other channels whose numbers count as zero
   */
  List<Member> members(ChannelSelection gone) {
    Map<CutAxis, List<int[]>> slices = new LinkedHashMap<>();
    for (boolean producers : new boolean[] {true, false}) {
      for (Unit unit : units) {
        unit.footprint()
            .forEach(
                (axis, first) -> {
                  if (axis.isProducer() == producers) {
                    slices.computeIfAbsent(axis, key -> new ArrayList<>()).add(axis.now(first));
                  }
                });
      }
    }
    List<Member> members = new ArrayList<>();
    slices.forEach(
        (axis, list) ->
            members.add(
                new Member(
                    axis.parameter(),
                    axis.path(),
                    axis.axis(),
                    axis.side(),
                    axis.isProducer(),
                    axis.isWeight(),
                    axis.why(),
                    list,
                    gone)));
    return members;
  }

  /** Returns a parameter's effective value, zero at the indices of these channels. */
  Tensor zeroedIn(Parameter parameter) {
    Tensor value = parameter.value();
    Tensor zeroed = value;
    for (Unit unit : units) {
      for (Map.Entry<CutAxis, int[]> slice : unit.footprint().entrySet()) {
        CutAxis axis = slice.getKey();
        if (axis.parameter() == parameter && axis.side() != Side.INDEX) {
          zeroed = zeroed == value ? value.copy() : zeroed;
          Slices.zero(zeroed, axis.axis(), axis.now(slice.getValue()));
        }
      }
    }
    return zeroed;
  }

  /** Returns why some of the channels may not be cut; empty if all may. */
  public List<String> pins() {
    LinkedHashSet<String> pins = new LinkedHashSet<>();
    units.forEach(unit -> pins.addAll(unit.pins()));
    return List.copyOf(pins);
  }

  /**
   * Refuses, with the channels printed, what {@link #cut()} would refuse: pinned or frozen ones,
   * all that a layer has, or a model that was changed elsewhere. Changes nothing.
   */
  public void check() {
    CutRules.check(this);
  }

  /**
   * Cuts the channels, in all parameters, their parametrizations and slots, and renumbers index
   * buffers.
   */
  public void cut() {
    graph.cut(units);
  }

  /**
   * Cuts the channels like {@link #cut()}, after what they would still emit with their filters zero
   * was dealt with: the filters must be zero already.
   *
   * @return where constants could not be kept exactly, one line a reader; empty if nowhere
   */
  public List<String> cut(MaskPolicy policy) {
    check();
    if (policy == MaskPolicy.MASK_WITH_BN) {
      silenceMakers();
    }
    Constants constants = new Constants(graph.model(), graph.sampleShape(), this);
    constants.intoStreams();
    if (policy != MaskPolicy.DROP_CONSTANT) {
      constants.intoReaders();
    }
    cut();
    return constants.inexact();
  }

  /**
   * Makes the model behave as if the channels were gone, at its full widths: sets rows, biases,
   * norms' gamma and beta, and the columns that read the channels to zero. The silenced model
   * computes what the cut one does (layer and group norms excepted: their statistics change), and
   * training keeps it so: a channel that nothing makes and nobody reads gets no gradient. Running
   * statistics are left alone.
   */
  public void silence() {
    for (Member member : members()) {
      if (member.side() != Side.INDEX && !member.parameter().isBuffer()) {
        Slices.zero(member.parameter(), member.axis(), member.indices());
      }
    }
  }

  /**
   * Sets only what makes the channels to zero: rows, biases, norms' gamma and beta; returns it.
   * Behind a function that maps zero to zero the channels then say zero to whoever reads them.
   */
  List<Member> silenceMakers() {
    List<Member> makers =
        members().stream()
            .filter(member -> member.side() == Side.OUT || member.side() == Side.BOTH)
            .filter(member -> !member.parameter().isBuffer())
            .toList();
    makers.forEach(maker -> Slices.zero(maker.parameter(), maker.axis(), maker.indices()));
    return makers;
  }

  @Override
  public String toString() {
    return MemberTable.of(units.size() + " channels", members(), pins());
  }
}
