package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.espalier.nn.Indices;

/**
 * Prunes in steps, with whatever the caller does in between: fine-tuning, recalibration, saving.
 * Each step scores the model as the step before left it.
 *
 * <pre>{@code
 * IterativePruning.evenly(pruner, 5).run(graph, step -> fineTune(model));
 * }</pre>
 */
public final class IterativePruning {
  private final Function<ChannelGraph, List<Pruner>> stages;

  private IterativePruning(Function<ChannelGraph, List<Pruner>> stages) {
    this.stages = stages;
  }

  /** Returns a schedule that takes an equal part of the pruner's amount in each step. */
  public static IterativePruning evenly(Pruner pruner, int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("iterative pruning needs at least one step, got " + steps);
    }
    return at(
        pruner, IntStream.rangeClosed(1, steps).mapToDouble(i -> (double) i / steps).toArray());
  }

  /**
   * Returns a schedule that has taken these shares of the pruner's amount after its steps.
   *
   * @param shares ascending, the last 1: {@code 0.5, 0.8, 1}
   */
  public static IterativePruning at(Pruner pruner, double... shares) {
    double before = 0;
    for (double share : shares) {
      if (!(share > before && share <= 1)) {
        throw new IllegalArgumentException(
            "iterative pruning: shares must rise from above 0 to 1, got "
                + Arrays.toString(shares));
      }
      before = share;
    }
    if (before != 1) {
      throw new IllegalArgumentException(
          "iterative pruning: the last share must be 1, got " + Arrays.toString(shares));
    }
    double[] steps = shares.clone();
    return new IterativePruning(
        graph -> {
          Amount whole =
              pruner.amount() instanceof Budget budget ? budget.settled(graph) : pruner.amount();
          List<Pruner> stages = new ArrayList<>();
          for (double share : steps) {
            stages.add(pruner.withAmount(whole.scaled(share)));
          }
          return stages;
        });
  }

  /**
   * Returns a schedule that prunes one group a step, in the order of the pass, each by as many
   * channels as the pruner takes of it at the beginning.
   */
  public static IterativePruning layerByLayer(Pruner pruner) {
    return oneGroupAfterAnother(pruner, going -> new int[] {going});
  }

  /** Returns the same schedule with one channel a step. */
  public static IterativePruning filterByFilter(Pruner pruner) {
    return oneGroupAfterAnother(pruner, going -> IntStream.rangeClosed(1, going).toArray());
  }

  /** Takes of each group so many channels in all after each of its steps. */
  private static IterativePruning oneGroupAfterAnother(
      Pruner pruner, Function<Integer, int[]> removed) {
    return new IterativePruning(
        graph -> {
          List<Pruner> stages = new ArrayList<>();
          pruner
              .plan(graph)
              .keep()
              .forEach((group, kept) -> stages.addAll(stages(pruner, group, kept, removed)));
          return stages;
        });
  }

  private static List<Pruner> stages(
      Pruner pruner, ChannelGroup group, Indices kept, Function<Integer, int[]> removed) {
    List<Pruner> stages = new ArrayList<>();
    if (!kept.isAll()) {
      for (int out : removed.apply(kept.size() - kept.count())) {
        stages.add(
            new Pruner(
                pruner.criterion(),
                Widths.of(group.name(), kept.size() - out),
                Ranking.LOCAL,
                Limits.DEFAULT,
                group::equals));
      }
    }
    return stages;
  }

  /**
   * Plans all steps on the model as it is, and cuts nothing. Scores may change between the steps of
   * a real run; where they decide how many channels each group loses, so will those numbers.
   */
  public DryRun dryRun(ChannelGraph graph) {
    List<Pruner> pruners = stages.apply(graph);
    List<PruningStep> steps = new ArrayList<>();
    Map<ChannelGroup, Indices> left = new LinkedHashMap<>();
    for (Pruner pruner : pruners) {
      left.putAll(pruner.plan(graph).keep());
      steps.add(new PruningStep(steps.size() + 1, pruners.size(), new PruningPlan(graph, left)));
    }
    return new DryRun(steps);
  }

  /**
   * Prunes; the graph's model is modified.
   *
   * @param graph the channels of a model that nobody else cuts meanwhile
   * @param afterCut acts behind each step's cut
   */
  public void run(ChannelGraph graph, Consumer<PruningStep> afterCut) {
    List<Pruner> pruners = stages.apply(graph);
    for (int i = 0; i < pruners.size(); i++) {
      PruningPlan plan = pruners.get(i).plan(graph);
      plan.apply();
      afterCut.accept(new PruningStep(i + 1, pruners.size(), plan));
    }
  }
}
