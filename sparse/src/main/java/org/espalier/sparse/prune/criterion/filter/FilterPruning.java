package org.espalier.sparse.prune.criterion.filter;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.Rounding;

/**
 * Prunes filters as "Pruning Filters for Efficient ConvNets" does (Li et al., ICLR 2017): by
 * absolute weight sums, each layer by itself, greedily in forward order, {@code ⌊n·(1-p)⌋} filters
 * kept, residual streams left alone.
 *
 * <p>Prune once and retrain is {@code plan(graph, ratios).apply()}, then {@link
 * Retraining#trainer}; {@link org.espalier.sparse.prune.IterativePruning#layerByLayer} takes {@link
 * #pruner} and retrains in between.
 *
 * @param criterion scores the filters
 * @param ranking {@link Ranking#GREEDY} or, for independent selection, {@link Ranking#LOCAL}
 * @param streams what becomes of residual streams
 * @param strict whether a ratio that would leave no filter of a layer is refused; else one filter
 *     stays and a warning is logged
 */
public record FilterPruning(
    Criterion criterion, Ranking ranking, StreamPolicy streams, boolean strict) {
  private static final Logger LOG = System.getLogger(FilterPruning.class.getName());

  /** Creates the method. */
  public FilterPruning {
    Objects.requireNonNull(criterion, "criterion");
    if (ranking == Ranking.GLOBAL) {
      throw new IllegalArgumentException(
          "filter pruning: sums of different layers cannot be compared; rank locally or greedily");
    }
  }

  /** Returns the method as the paper found it best. */
  public static FilterPruning greedy() {
    return of(StreamPolicy.INNER_ONLY);
  }

  /** Returns the greedy method with another policy for streams. */
  public static FilterPruning of(StreamPolicy streams) {
    return new FilterPruning(FilterSums.of(streams), Ranking.GREEDY, streams, false);
  }

  /** Returns this method, each layer judged with all its inputs. */
  public FilterPruning independent() {
    return new FilterPruning(criterion, Ranking.LOCAL, streams, strict);
  }

  /** Returns this method with another criterion, such as {@link MapActivity}. */
  public FilterPruning by(Criterion other) {
    return new FilterPruning(other, ranking, streams, strict);
  }

  /** Returns this method, refusing ratios that would leave no filter of a layer. */
  public FilterPruning strictly() {
    return new FilterPruning(criterion, ranking, streams, true);
  }

  /** Returns the pruner for an amount, such as {@link Ratios} or those of a {@link StagePlan}. */
  public Pruner pruner(Amount amount) {
    Pruner pruner =
        Pruner.local(criterion, amount).withRanking(ranking).withRounding(Rounding.KEEP_FLOOR);
    return streams == StreamPolicy.INNER_ONLY ? pruner.innerOnly() : pruner;
  }

  /** Chooses the filters; nothing is changed until the plan is applied. */
  public PruningPlan plan(ChannelGraph graph, Amount amount) {
    Pruner pruner = pruner(amount);
    PruningPlan plan = pruner.plan(graph);
    if (amount instanceof Ratios ratios) {
      List<String> emptied = new ArrayList<>();
      for (ChannelGroup group : plan.keep().keySet()) {
        int channels = group.originalSize();
        if (Rounding.KEEP_FLOOR.pruned(channels, ratios.of(group)) == channels) {
          emptied.add(group.name());
        }
      }
      report(emptied, amount);
    }
    return plan;
  }

  private void report(List<String> emptied, Amount amount) {
    if (!emptied.isEmpty() && strict) {
      throw new IllegalArgumentException(
          "filter pruning: %s would leave no filter of %s".formatted(amount, emptied));
    }
    if (!emptied.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "filter pruning: {0} would leave no filter of {1}; one stays of each",
          amount,
          emptied);
    }
  }
}
