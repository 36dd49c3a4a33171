package org.espalier.sparse.prune.criterion.hrank;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Batches;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.tensor.StateException;

/**
 * Scores a channel by the mean rank of the maps it shows (Lin et al., "HRank: Filter Pruning using
 * High-Rank Feature Map", CVPR 2020). Labels, losses and gradients play no part.
 *
 * <pre>{@code
 * Criterion hrank = FeatureMapRankImportance.of(trainingBatches, FeatureMapRanks.IMAGES);
 * PruningPlan plan = Pruner.local(hrank, 0.5).innerOnly().plan(graph);
 * }</pre>
 *
 * <p>The authors choose within a layer and cut inside blocks only, {@code
 * Pruner.local(...).innerOnly()}. All layers that make a group's channels vote: in a residual
 * stream every block's last convolution (the sheet's {@code COUPLED}), with a depthwise convolution
 * the layer before it too (reconstructed).
 */
public final class FeatureMapRankImportance implements Criterion {
  private final Batches data;
  private final int images;
  private final FeatureMapRanks ranks;
  private final MemberReduction reduction;
  private final Normaliser normaliser;

  private FeatureMapRankImportance(
      Batches data,
      int images,
      FeatureMapRanks ranks,
      MemberReduction reduction,
      Normaliser normaliser) {
    this.data = data;
    this.images = images;
    this.ranks = ranks;
    this.reduction = reduction;
    this.normaliser = normaliser;
  }

  /** Returns the criterion that collects ranks anew for each plan. */
  public static FeatureMapRankImportance of(Batches data, int images) {
    return new FeatureMapRankImportance(data, images, null, MemberReduction.SUM, Normaliser.NONE);
  }

  /** Returns the criterion by ranks that were collected before, of the model as it was then. */
  public static FeatureMapRankImportance of(FeatureMapRanks ranks) {
    return new FeatureMapRankImportance(null, 0, ranks, MemberReduction.SUM, Normaliser.NONE);
  }

  /** Returns this criterion with the votes of a group's layers joined otherwise than by the sum. */
  public FeatureMapRankImportance withReduction(MemberReduction other) {
    return new FeatureMapRankImportance(data, images, ranks, other, normaliser);
  }

  /** Returns this criterion with groups made comparable; maps of other sizes have other ranks. */
  public FeatureMapRankImportance withNormaliser(Normaliser other) {
    return new FeatureMapRankImportance(data, images, ranks, reduction, other);
  }

  @Override
  public Criterion on(ChannelGraph graph) {
    return data == null
        ? this
        : new FeatureMapRankImportance(
            data, images, FeatureMapRanks.collect(graph, data, images), reduction, normaliser);
  }

  @Override
  public double[] score(ChannelGroup group) {
    if (ranks == null) {
      throw new StateException(
          "feature-map rank: no maps were ranked yet; call on(graph) first and ask what it returns");
    }
    List<double[]> votes = new ArrayList<>();
    for (Member member : group.members()) {
      if (member.producer()) {
        votes.add(vote(member));
      }
    }
    return normaliser.apply(reduction.reduce(votes));
  }

  /** Rows that go together, one of each group of a convolution, count by their mean. */
  private double[] vote(Member member) {
    double[] filters = ranks.of(member.path());
    int rows = member.parameter().shape().size(0);
    if (filters.length != rows) {
      throw new IllegalArgumentException(
          "feature-map rank: %d mean ranks for the %d filters of '%s'; collect them again"
              .formatted(filters.length, rows, member.path()));
    }
    double[] vote = new double[member.units().size()];
    for (int channel = 0; channel < vote.length; channel++) {
      int[] unit = member.units().get(channel);
      for (int row : unit) {
        vote[channel] += filters[row] / unit.length;
      }
    }
    return vote;
  }

  @Override
  public String toString() {
    return "feature-map rank" + (ranks == null ? "" : ", " + ranks);
  }
}
