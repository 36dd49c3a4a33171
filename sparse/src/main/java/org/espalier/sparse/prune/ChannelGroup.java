package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Indices;

/**
 * Is a set of channels that take the same number of indices of the same parameters' axes, such as
 * all channels of a residual stream (the field's dependency group; structured-pruning reference,
 * section 2). Its channels are numbered from 0 in the order of the root's rows.
 */
public final class ChannelGroup {
  private final ChannelGraph graph;
  private final List<Unit> all;
  private final ChannelSelection gone;

  ChannelGroup(ChannelGraph graph, List<Unit> all) {
    this(graph, List.copyOf(all), new ChannelSelection(graph, List.of()));
  }

  private ChannelGroup(ChannelGraph graph, List<Unit> all, ChannelSelection gone) {
    this.graph = graph;
    this.all = all;
    this.gone = gone;
  }

  /**
   * Returns the same channels as a greedy choice sees them, when others were chosen to go: what its
   * members have in common with those counts as zero. Nothing is cut.
   */
  public ChannelGroup without(ChannelSelection others) {
    return new ChannelGroup(graph, all, others);
  }

  /** Returns the channels that are left. */
  List<Unit> units() {
    return all.stream().filter(unit -> !unit.isCut()).toList();
  }

  /** Returns the path of the weight that makes the channels first, such as {@code stem.weight}. */
  public String name() {
    return all.get(0).root().path();
  }

  /** Returns the number of channels there were when the graph was read. */
  public int originalSize() {
    return all.size();
  }

  /** Returns the paths of the weights whose rows make the channels. */
  List<String> producers() {
    return all.get(0).footprint().keySet().stream()
        .filter(CutAxis::isProducer)
        .map(CutAxis::path)
        .toList();
  }

  /**
   * Tells whether the channels are added to others element by element: those of a residual stream.
   * All others are inner channels of a block or a chain.
   */
  public boolean isStream() {
    return all.stream().anyMatch(graph::isSummed);
  }

  /** Returns the number of channels that are left. */
  public int size() {
    return units().size();
  }

  /** Returns everything that is coupled, producers first; the first is the root. */
  public List<Member> members() {
    return selection(Indices.all(size())).members(gone);
  }

  /** Returns the first producer's weight, whose rows number the channels. */
  public Member root() {
    return members().get(0);
  }

  /** Tells whether channels may be cut. */
  public boolean isPrunable() {
    return all.get(0).pins().isEmpty();
  }

  /** Returns why no channel may be cut; empty if they may. */
  public List<String> pins() {
    return all.get(0).pins();
  }

  /** Returns some of the channels, numbered as they are now. */
  public ChannelSelection selection(Indices channels) {
    List<Unit> units = units();
    if (channels.size() != units.size()) {
      throw new IllegalArgumentException(
          "group '%s' has %d channels, the indices are out of %d"
              .formatted(name(), units.size(), channels.size()));
    }
    List<Unit> selected = new ArrayList<>();
    for (int channel : channels.toArray()) {
      selected.add(units.get(channel));
    }
    return new ChannelSelection(graph, selected);
  }

  /**
   * Keeps only some channels: cuts the others out of all members, their parametrizations and slots,
   * and renumbers index buffers. Nothing is changed where a check fails.
   */
  public void cut(Indices keep) {
    selection(keep.complement()).cut();
  }

  /** Tells whether the other one is made of the same channels of the same graph. */
  @Override
  public boolean equals(Object other) {
    return other instanceof ChannelGroup group && all.equals(group.all);
  }

  @Override
  public int hashCode() {
    return all.hashCode();
  }

  /** Returns the root, all members with the reason of their coupling, and why it is pinned. */
  @Override
  public String toString() {
    int size = size();
    return size == 0
        ? "group '" + name() + "': no channels left"
        : MemberTable.of("group '" + name() + "': " + size + " channels", members(), pins());
  }
}
