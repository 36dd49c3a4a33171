package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Indices;

/** Says which channels of which groups stay; printing it is the dry run. */
public final class PruningPlan {
  private final ChannelGraph graph;
  private final Map<ChannelGroup, Indices> keep;
  private final long macsBefore;
  private final long macs;

  /** Creates a plan by hand. */
  public PruningPlan(ChannelGraph graph, Map<ChannelGroup, Indices> keep) {
    this.graph = graph;
    this.keep = Collections.unmodifiableMap(new LinkedHashMap<>(keep));
    macsBefore = graph.macs();
    macs = graph.macsWithout(cuts().units());
  }

  /** Returns the channels that stay, by group. */
  public Map<ChannelGroup, Indices> keep() {
    return keep;
  }

  /** Returns the channels that go, of all groups together. */
  public ChannelSelection cuts() {
    List<Unit> going = new ArrayList<>();
    keep.forEach((group, kept) -> going.addAll(group.selection(kept.complement()).units()));
    return new ChannelSelection(graph, going);
  }

  /** Returns the multiply-accumulates of one sample once the plan is applied. */
  public long macs() {
    return macs;
  }

  /** Cuts everything at once, or nothing where a check fails. */
  public void apply() {
    cuts().cut();
  }

  /** Returns one line a group, and the multiply-accumulates before and after. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    keep.forEach(
        (group, kept) ->
            text.append("%-40s %5d -> %5d\n".formatted(group.name(), kept.size(), kept.count())));
    return text.append(
            "MACs %,d -> %,d (%.1f %% less)"
                .formatted(macsBefore, macs, 100.0 * (macsBefore - macs) / macsBefore))
        .toString();
  }
}
