package org.espalier.sparse.prune;

import java.util.function.Predicate;

/**
 * Chooses the channels that are worth least (structured-pruning reference, 2.6): by a criterion, as
 * many as an amount says, compared within groups or over all of them, within limits. Equal scores
 * go in the order of layers, then channels.
 *
 * <pre>{@code
 * PruningPlan plan = Pruner.global(L1Norm.ofGroups(), Budget.macs(0.5)).withRoundTo(8).plan(graph);
 * System.out.println(plan.explain());
 * plan.apply();
 * }</pre>
 *
 * @param criterion scores the channels
 * @param amount how much goes
 * @param ranking which channels are compared
 * @param limits what stays whatever its scores
 * @param groups tells which groups take part; pinned ones never do
 */
public record Pruner(
    Criterion criterion,
    Amount amount,
    Ranking ranking,
    Limits limits,
    Predicate<ChannelGroup> groups) {

  /** Returns a pruner that ranks each group by itself. */
  public static Pruner local(Criterion criterion, Amount amount) {
    return new Pruner(criterion, amount, Ranking.LOCAL, Limits.DEFAULT, group -> true);
  }

  /** Returns a pruner that takes a fraction, in [0, 1), of each group. */
  public static Pruner local(Criterion criterion, double ratio) {
    return local(criterion, Ratios.of(ratio));
  }

  /** Returns a pruner that ranks each group by itself, without what groups before it lose. */
  public static Pruner greedy(Criterion criterion, Amount amount) {
    return local(criterion, amount).withRanking(Ranking.GREEDY);
  }

  /** Returns a pruner that ranks the channels of all groups together. */
  public static Pruner global(Criterion criterion, Amount amount) {
    return local(criterion, amount).withRanking(Ranking.GLOBAL);
  }

  /** Returns a pruner that takes a fraction, in [0, 1), of all channels together. */
  public static Pruner global(Criterion criterion, double ratio) {
    return global(criterion, Ratios.of(ratio));
  }

  /** Returns this pruner with another criterion. */
  public Pruner withCriterion(Criterion other) {
    return new Pruner(other, amount, ranking, limits, groups);
  }

  /** Returns this pruner with another amount. */
  public Pruner withAmount(Amount other) {
    return new Pruner(criterion, other, ranking, limits, groups);
  }

  /** Returns this pruner with another ranking. */
  public Pruner withRanking(Ranking other) {
    return new Pruner(criterion, amount, other, limits, groups);
  }

  /** Returns this pruner with other limits. */
  public Pruner withLimits(Limits other) {
    return new Pruner(criterion, amount, ranking, other, groups);
  }

  /** Returns this pruner with another rounding of ratios. */
  public Pruner withRounding(Rounding other) {
    return withLimits(new Limits(other, limits.minChannels(), limits.roundTo(), limits.maxRatio()));
  }

  /** Returns this pruner with another least number of channels of each group. */
  public Pruner withMinChannels(int least) {
    return withLimits(new Limits(limits.rounding(), least, limits.roundTo(), limits.maxRatio()));
  }

  /** Returns this pruner with what stays of each group lowered to a multiple. */
  public Pruner withRoundTo(int multiple) {
    return withLimits(
        new Limits(limits.rounding(), limits.minChannels(), multiple, limits.maxRatio()));
  }

  /** Returns this pruner with a largest share, in (0, 1], that any group may lose. */
  public Pruner withMaxRatio(double most) {
    return withLimits(new Limits(limits.rounding(), limits.minChannels(), limits.roundTo(), most));
  }

  /** Returns this pruner for fewer groups: those of now that satisfy a predicate. */
  public Pruner only(Predicate<ChannelGroup> others) {
    return new Pruner(criterion, amount, ranking, limits, groups.and(others));
  }

  /** Returns this pruner for channels inside blocks only: residual streams keep their width. */
  public Pruner innerOnly() {
    return only(group -> !group.isStream());
  }

  /**
   * Chooses the channels; nothing is changed until the plan is applied. Amounts count from the
   * model as the graph read it.
   */
  public PruningPlan plan(ChannelGraph graph) {
    return new PruningPlan(graph, new Choice(this, graph).keep());
  }
}
