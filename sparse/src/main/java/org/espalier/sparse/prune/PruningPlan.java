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
  private final int removed;
  private final long macsBefore;
  private final long macs;
  private final long parametersBefore;
  private final long parameters;

  /**
   * Creates a plan by hand. One that touches what is pinned, empties a layer, or does not fit the
   * model as it is now is refused with the group printed.
   */
  public PruningPlan(ChannelGraph graph, Map<ChannelGroup, Indices> keep) {
    this.graph = graph;
    this.keep = Collections.unmodifiableMap(new LinkedHashMap<>(keep));
    keep.forEach((group, kept) -> CutRules.check(group.selection(kept.complement())));
    List<Unit> going = cuts().units();
    CutRules.check(cuts());
    removed = going.size();
    macsBefore = graph.macs();
    macs = graph.forecast().macsWithout(going);
    parametersBefore = graph.parameters();
    parameters = graph.forecast().parametersWithout(going);
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

  /** Returns how many channels go. */
  public int removed() {
    return removed;
  }

  /** Returns the multiply-accumulates of one sample before the plan is applied. */
  public long macsBefore() {
    return macsBefore;
  }

  /** Returns the multiply-accumulates of one sample once the plan is applied. */
  public long macs() {
    return macs;
  }

  /** Returns the trainable numbers before the plan is applied. */
  public long parametersBefore() {
    return parametersBefore;
  }

  /** Returns the trainable numbers once the plan is applied. */
  public long parameters() {
    return parameters;
  }

  /** Cuts everything at once, or nothing where a check fails. */
  public void apply() {
    cuts().cut();
  }

  /** Returns one line a group, and the costs before and after. */
  @Override
  public String toString() {
    int name = keep.keySet().stream().mapToInt(group -> group.name().length()).max().orElse(0);
    StringBuilder text = new StringBuilder();
    keep.forEach(
        (group, kept) ->
            text.append(group.name())
                .append(" ".repeat(name - group.name().length()))
                .append(" %5d -> %5d\n".formatted(kept.size(), kept.count())));
    return text.append(costs()).toString();
  }

  /**
   * Returns the dry run: for each group that loses channels how many and which indices of what go,
   * and why they are coupled; then the costs before and after.
   */
  public String explain() {
    StringBuilder text = new StringBuilder();
    keep.forEach(
        (group, kept) -> {
          if (!kept.isAll()) {
            ChannelSelection going = group.selection(kept.complement());
            String title =
                "group '%s': %d -> %d channels; what goes:"
                    .formatted(group.name(), kept.size(), kept.count());
            text.append(MemberTable.of(title, going.members())).append('\n');
          }
        });
    return text.append(costs()).toString();
  }

  /** Returns the costs before and after, on one line. */
  public String costs() {
    return "MACs %s, parameters %s"
        .formatted(change(macsBefore, macs), change(parametersBefore, parameters));
  }

  private static String change(long before, long after) {
    return "%,d -> %,d (%.1f %% less)".formatted(before, after, 100.0 * (before - after) / before);
  }
}
