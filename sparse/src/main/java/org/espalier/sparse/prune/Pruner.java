package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.espalier.nn.Indices;

/**
 * Chooses the channels that are worth least, group by group or in one ranking over all groups
 * (structured-pruning reference, 2.6). Equal scores go in the order of layers, then channels.
 *
 * @param criterion scores the channels
 * @param ratio the pruned fraction, in [0, 1)
 * @param rounding turns the ratio into counts
 * @param global whether one ranking runs over all groups; else each group loses the ratio
 * @param minChannels what stays of each group at least
 * @param roundTo lowers what stays to a multiple of this, but not below one multiple
 */
public record Pruner(
    Criterion criterion,
    double ratio,
    Rounding rounding,
    boolean global,
    int minChannels,
    int roundTo) {
  /** One channel of one group in the global ranking. */
  private record Candidate(ChannelGroup group, int channel, double score) {}

  /** Creates the pruner. */
  public Pruner {
    Rounding.checked(ratio);
    if (minChannels < 1 || roundTo < 1) {
      throw new IllegalArgumentException(
          "pruner: minChannels and roundTo must be positive, got %d and %d"
              .formatted(minChannels, roundTo));
    }
  }

  /** Returns a pruner that takes a fraction of each group. */
  public static Pruner local(Criterion criterion, double ratio) {
    return new Pruner(criterion, ratio, Rounding.PRUNE_FLOOR, false, 1, 1);
  }

  /** Returns a pruner that takes a fraction of all channels together. */
  public static Pruner global(Criterion criterion, double ratio) {
    return new Pruner(criterion, ratio, Rounding.PRUNE_FLOOR, true, 1, 1);
  }

  /** Returns this pruner with another rounding of ratios. */
  public Pruner withRounding(Rounding other) {
    return new Pruner(criterion, ratio, other, global, minChannels, roundTo);
  }

  /** Returns this pruner with another least number of channels. */
  public Pruner withMinChannels(int least) {
    return new Pruner(criterion, ratio, rounding, global, least, roundTo);
  }

  /** Returns this pruner with another multiple. */
  public Pruner withRoundTo(int multiple) {
    return new Pruner(criterion, ratio, rounding, global, minChannels, multiple);
  }

  /** Chooses the channels of all prunable groups; nothing is changed until the plan is applied. */
  public PruningPlan plan(ChannelGraph graph) {
    Map<ChannelGroup, double[]> scores = new LinkedHashMap<>();
    graph.prunable().forEach(group -> scores.put(group, scored(group)));
    Map<ChannelGroup, TreeSet<Integer>> going = global ? globally(scores) : locally(scores);
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    going.forEach(
        (group, out) -> keep.put(group, Indices.where(group.size(), i -> !out.contains(i))));
    return new PruningPlan(graph, keep);
  }

  private double[] scored(ChannelGroup group) {
    double[] scores = criterion.score(group);
    if (scores.length != group.size()) {
      throw new IllegalArgumentException(
          "criterion %s gave %d scores for %d channels of '%s'"
              .formatted(criterion, scores.length, group.size(), group.name()));
    }
    for (int channel = 0; channel < scores.length; channel++) {
      if (Double.isNaN(scores[channel])) {
        throw new IllegalArgumentException(
            "criterion %s gave NaN for channel %d of '%s'"
                .formatted(criterion, channel, group.name()));
      }
    }
    return scores;
  }

  private Map<ChannelGroup, TreeSet<Integer>> locally(Map<ChannelGroup, double[]> scores) {
    Map<ChannelGroup, TreeSet<Integer>> going = new LinkedHashMap<>();
    scores.forEach(
        (group, values) -> {
          int out = group.size() - kept(group.size(), rounding.pruned(group.size(), ratio));
          going.put(group, weakest(values, out));
        });
    return going;
  }

  private Map<ChannelGroup, TreeSet<Integer>> globally(Map<ChannelGroup, double[]> scores) {
    Map<ChannelGroup, TreeSet<Integer>> going = new LinkedHashMap<>();
    List<Candidate> ranking = new ArrayList<>();
    scores.forEach(
        (group, values) -> {
          going.put(group, new TreeSet<>());
          for (int channel = 0; channel < values.length; channel++) {
            ranking.add(new Candidate(group, channel, values[channel]));
          }
        });
    // The sort is stable: equal scores stay in the order of layers and channels.
    ranking.sort(Comparator.comparingDouble(Candidate::score));
    int left = rounding.pruned(ranking.size(), ratio);
    for (Candidate candidate : ranking) {
      TreeSet<Integer> out = going.get(candidate.group);
      if (left > 0 && candidate.group.size() - out.size() > minChannels) {
        out.add(candidate.channel);
        left--;
      }
    }
    going.replaceAll(
        (group, out) -> weakest(scores.get(group), group.size() - kept(group.size(), out.size())));
    return going;
  }

  private int kept(int channels, int pruned) {
    int keep = (channels - pruned) / roundTo * roundTo;
    return Math.max(keep, Math.min(Math.max(minChannels, roundTo), channels));
  }

  /** Returns the channels of the lowest scores; of equal ones the lower number goes first. */
  static TreeSet<Integer> weakest(double[] scores, int count) {
    List<Integer> order = new ArrayList<>();
    for (int channel = 0; channel < scores.length; channel++) {
      order.add(channel);
    }
    order.sort(Comparator.comparingDouble(channel -> scores[channel]));
    return new TreeSet<>(order.subList(0, count));
  }
}
