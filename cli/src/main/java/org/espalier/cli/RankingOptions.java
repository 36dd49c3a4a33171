package org.espalier.cli;

import java.util.Locale;
import java.util.Map;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.RandomScore;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that say which channels are compared, and which may go at all. */
final class RankingOptions {
  @Mixin private GroupOptions groups = new GroupOptions();

  @Option(
      names = "--local",
      description = "Compare the channels of a group: all lose the same share (the default).")
  private boolean local;

  @Option(names = "--global", description = "Compare the channels of all groups.")
  private boolean global;

  @Option(names = "--greedy", description = "As --local, without what the groups before lose.")
  private boolean greedy;

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Training images that hrank and nisp look at, at most (default: 500 and 2000).")
  private int images;

  /** Refuses numbers out of range and two rankings at once. */
  void check() {
    groups.check();
    if ((local ? 1 : 0) + (global ? 1 : 0) + (greedy ? 1 : 0) > 1) {
      throw new IllegalArgumentException("choose one of --local, --global and --greedy");
    }
    if (images < 0) {
      throw new IllegalArgumentException("--images must be at least 1, got " + images);
    }
  }

  private Ranking ranking() {
    return global ? Ranking.GLOBAL : greedy ? Ranking.GREEDY : Ranking.LOCAL;
  }

  /** Reads the channels of a model. */
  ChannelGraph graph(ModelFile loaded) {
    return groups.graph(loaded.model(), loaded.input());
  }

  /**
   * Returns the pruner; a cut that no choice of channels reaches is refused here, before any
   * criterion looks for evidence.
   *
   * @param seed draws random scores
   */
  Pruner pruner(Criteria criterion, Cut cut, ChannelGraph graph, PruningData data, long seed) {
    Amount amount = cut.amount();
    Pruner anybody = groups.limited(Pruner.local(new RandomScore(0), amount));
    PruningPlan plan = anybody.plan(graph);
    Ratios shares = amount instanceof Ratios stated ? ofGroups(stated, plan) : shares(plan);
    Criteria.Evidence evidence = new Criteria.Evidence(data::evidence, images, shares, seed);
    return anybody.withRanking(ranking()).withCriterion(criterion.of(evidence, ranking()));
  }

  /**
   * Returns what share of each group goes in a plan whose scores say nothing. Under a local ranking
   * it is one share for all that take part; the largest is the one that was not rounded down.
   */
  private static Ratios shares(PruningPlan plan) {
    double share =
        plan.keep().values().stream()
            .mapToDouble(kept -> (double) (kept.size() - kept.count()) / kept.size())
            .max()
            .orElse(0);
    String[] names = plan.keep().keySet().stream().map(ChannelGroup::name).toArray(String[]::new);
    return Ratios.of(0).with(share, names);
  }

  /** Returns stated shares for the groups of a plan, and none for others. */
  private static Ratios ofGroups(Ratios stated, PruningPlan plan) {
    Ratios ratios = Ratios.of(0);
    for (ChannelGroup group : plan.keep().keySet()) {
      ratios = ratios.with(stated.of(group), group.name());
    }
    return ratios;
  }

  /** Adds the options to a record that tells runs apart. */
  void addTo(Map<String, Object> settings) {
    settings.put("ranking", ranking().name().toLowerCase(Locale.ROOT));
    settings.put("images", (long) images);
    groups.addTo(settings);
  }
}
