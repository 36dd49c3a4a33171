package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.espalier.nn.Indices;

/** Chooses the channels of one plan: how many of each group stay, and which. */
final class Choice {
  /** One channel of one group in a ranking over several. */
  private record Candidate(ChannelGroup group, double score) {}

  private final ChannelGraph graph;
  private final Criterion criterion;
  private final Amount amount;
  private final Ranking ranking;
  private final Limits limits;
  private final List<ChannelGroup> groups;
  private final Map<ChannelGroup, double[]> scores = new LinkedHashMap<>();

  Choice(Pruner pruner, ChannelGraph graph) {
    this.graph = graph;
    this.amount = pruner.amount();
    this.ranking = pruner.ranking();
    this.limits = pruner.limits();
    this.criterion = pruner.criterion().on(graph);
    this.groups =
        graph.prunable().stream().filter(pruner.groups()).filter(criterion::covers).toList();
    amount.check(groups);
  }

  /** Returns what stays of each group that takes part. */
  Map<ChannelGroup, Indices> keep() {
    if (ranking == Ranking.GREEDY) {
      return greedily(localCounts());
    }
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    boolean global = ranking == Ranking.GLOBAL && !(amount instanceof Widths);
    Map<ChannelGroup, Integer> counts = global ? globalCounts() : localCounts();
    counts.forEach(
        (group, count) ->
            keep.put(
                group,
                count == group.size() ? Indices.all(count) : strongest(scores(group), count)));
    return keep;
  }

  /** Returns the scores of a group on the model as it is; one that stays whole is never asked. */
  private double[] scores(ChannelGroup group) {
    return scores.computeIfAbsent(group, asked -> Scores.of(criterion, asked));
  }

  private Map<ChannelGroup, Indices> greedily(Map<ChannelGroup, Integer> counts) {
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    List<Unit> gone = new ArrayList<>();
    counts.forEach(
        (group, count) -> {
          ChannelGroup left = group.without(new ChannelSelection(graph, List.copyOf(gone)));
          Indices kept =
              count == group.size()
                  ? Indices.all(count)
                  : strongest(Scores.of(criterion, left), count);
          keep.put(group, kept);
          gone.addAll(group.selection(kept.complement()).units());
        });
    return keep;
  }

  private static Indices strongest(double[] scores, int count) {
    TreeSet<Integer> out = Scores.weakest(scores, scores.length - count);
    return Indices.where(scores.length, channel -> !out.contains(channel));
  }

  private Map<ChannelGroup, Integer> localCounts() {
    if (amount instanceof Budget budget) {
      // Between two of these ratios no group's count changes.
      double[] ratios =
          groups.stream()
              .mapToInt(ChannelGroup::originalSize)
              .distinct()
              .boxed()
              .flatMap(size -> IntStream.range(0, size).mapToObj(out -> (double) out / size))
              .mapToDouble(Double::doubleValue)
              .sorted()
              .distinct()
              .toArray();
      return leastThatMeets(
          budget, ratios.length, i -> counts(group -> prunedAt(ratios[i], group)));
    }
    return amount instanceof Widths widths
        ? counts(widths::pruned)
        : counts(group -> prunedAt(((Ratios) amount).of(group), group));
  }

  private int prunedAt(double ratio, ChannelGroup group) {
    return limits.rounding().pruned(group.originalSize(), ratio);
  }

  /** Returns how many channels stay of each group when so many of those there were should go. */
  private Map<ChannelGroup, Integer> counts(ToIntFunction<ChannelGroup> pruned) {
    Map<ChannelGroup, Integer> counts = new LinkedHashMap<>();
    for (ChannelGroup group : groups) {
      int kept = limits.kept(group, pruned.applyAsInt(group));
      counts.put(
          group, kept == group.size() ? kept : Math.max(kept, Scores.staying(scores(group))));
    }
    return counts;
  }

  private Map<ChannelGroup, Integer> globalCounts() {
    if (amount instanceof Budget budget) {
      List<ChannelGroup> order = removals(groups);
      return leastThatMeets(budget, order.size() + 1, i -> countsWithout(order.subList(0, i)));
    }
    Ratios ratios = (Ratios) amount;
    Map<String, List<ChannelGroup>> together = new LinkedHashMap<>();
    for (ChannelGroup group : groups) {
      together.computeIfAbsent(ratios.pathOf(group), path -> new ArrayList<>()).add(group);
    }
    List<ChannelGroup> removed = new ArrayList<>();
    for (List<ChannelGroup> ranked : together.values()) {
      int channels = ranked.stream().mapToInt(ChannelGroup::originalSize).sum();
      int gone = channels - ranked.stream().mapToInt(ChannelGroup::size).sum();
      int pruned = limits.rounding().pruned(channels, ratios.of(ranked.get(0)));
      List<ChannelGroup> order = removals(ranked);
      removed.addAll(order.subList(0, Math.min(order.size(), Math.max(0, pruned - gone))));
    }
    return countsWithout(removed);
  }

  /**
   * Returns the groups of all channels that may go, the weakest channel's first; a group at its
   * least is skipped.
   */
  private List<ChannelGroup> removals(List<ChannelGroup> ranked) {
    List<Candidate> candidates = new ArrayList<>();
    for (ChannelGroup group : ranked) {
      for (double score : scores(group)) {
        if (score != Double.POSITIVE_INFINITY) {
          candidates.add(new Candidate(group, score));
        }
      }
    }
    // The sort is stable: equal scores stay in the order of layers and channels.
    candidates.sort(Comparator.comparingDouble(Candidate::score));
    Map<ChannelGroup, Integer> left = new LinkedHashMap<>();
    ranked.forEach(group -> left.put(group, group.size()));
    List<ChannelGroup> order = new ArrayList<>();
    for (Candidate candidate : candidates) {
      ChannelGroup group = candidate.group;
      if (left.get(group) > limits.least(group)) {
        left.merge(group, -1, Integer::sum);
        order.add(group);
      }
    }
    return order;
  }

  private Map<ChannelGroup, Integer> countsWithout(List<ChannelGroup> removed) {
    Map<ChannelGroup, Integer> out = new LinkedHashMap<>();
    removed.forEach(group -> out.merge(group, 1, Integer::sum));
    return counts(group -> group.originalSize() - group.size() + out.getOrDefault(group, 0));
  }

  /**
   * Returns the first of some counts, each at most those before, with which the model costs no more
   * than it may.
   */
  private Map<ChannelGroup, Integer> leastThatMeets(
      Budget budget, int options, IntFunction<Map<ChannelGroup, Integer>> counts) {
    double limit = budget.limit(graph);
    double rounded = limit * (1 + 1e-12);
    int low = 0;
    int high = options - 1;
    double least = budget.cost(graph, going(counts.apply(high)));
    if (!(least <= rounded)) {
      throw new IllegalArgumentException(
          "budget (%s): the %s cannot fall to %s; with every group at its least %s are left:\n%s"
              .formatted(
                  budget,
                  budget.what(),
                  limit,
                  least,
                  String.join("\n", groups.stream().map(ChannelGroup::toString).toList())));
    }
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (budget.cost(graph, going(counts.apply(middle))) <= rounded) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return counts.apply(low);
  }

  /** Returns any channels of the right number: all of a group cost the same. */
  private static List<Unit> going(Map<ChannelGroup, Integer> counts) {
    List<Unit> going = new ArrayList<>();
    counts.forEach((group, count) -> going.addAll(group.units().subList(0, group.size() - count)));
    return going;
  }
}
