package org.espalier.sparse.prune.criterion.batchnorm;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.tensor.StateException;

/**
 * Scores groups by norms that were read before.
 *
 * @param options how
 * @param norms the norms by their gamma
 */
record NormScores(BatchNormImportance options, Map<Parameter, ScoredNorm> norms)
    implements Criterion {
  private static final Logger LOG = System.getLogger(NormScores.class.getName());

  /** Returns one importance a channel of a norm. */
  static double[] of(ScoredNorm norm, Statistic statistic) {
    double[] scores = new double[norm.channels()];
    Arrays.setAll(scores, c -> norm.importance(statistic, c));
    return scores;
  }

  @Override
  public Criterion on(ChannelGraph graph) {
    return options.on(graph);
  }

  private List<Member> members(ChannelGroup group) {
    return group.members().stream()
        .filter(member -> norms.containsKey(member.parameter()))
        .toList();
  }

  @Override
  public boolean covers(ChannelGroup group) {
    boolean skipped = options.missing() == MissingNorm.SKIP && members(group).isEmpty();
    if (skipped) {
      LOG.log(
          Level.WARNING,
          "batch norm importance: no batch norm belongs to group ''{0}''; it is left alone",
          group.name());
    }
    return !skipped;
  }

  @Override
  public double[] score(ChannelGroup group) {
    List<Member> members = members(group);
    if (members.isEmpty()) {
      return withoutNorm(group);
    }
    List<double[]> votes = new ArrayList<>();
    List<Member> stream = stream(members);
    int rows = group.root().units().get(0).length;
    for (Member member : members) {
      votes.add(
          stream.contains(member)
              ? behind(stream.subList(0, stream.indexOf(member) + 1))
              : vote(member, rows));
    }
    return options.normaliser().apply(options.reduction().reduce(votes));
  }

  private double[] withoutNorm(ChannelGroup group) {
    return switch (options.missing()) {
      case SKIP -> {
        double[] never = new double[group.size()];
        Arrays.fill(never, Double.POSITIVE_INFINITY);
        yield never;
      }
      case ERROR ->
          throw new IllegalArgumentException(
              ("batch norm importance: no batch norm belongs to group '%s'; ignore its layer in the"
                      + " graph, or choose withMissing(USE_L1_NORM) or SKIP:\n%s")
                  .formatted(group.name(), group));
      case USE_L1_NORM -> options.normaliser().apply(L1Norm.ofFilters().score(group));
    };
  }

  private ScoredNorm norm(Member member) {
    ScoredNorm norm = norms.get(member.parameter());
    if (norm.channels() != member.parameter().shape().size(0)) {
      throw new StateException(
          "batch norm importance: %s had %d channels when it was read and has %d now; call on(graph) again"
              .formatted(norm.path(), norm.channels(), member.parameter().shape().size(0)));
    }
    return norm;
  }

  /** Sums over all pixels of a flattened channel; rows of one channel count by their mean. */
  private double[] vote(Member member, int rows) {
    ScoredNorm norm = norm(member);
    double[] vote = new double[member.units().size()];
    for (int channel = 0; channel < vote.length; channel++) {
      for (int index : member.units().get(channel)) {
        vote[channel] += norm.importance(options.statistic(), index) / rows;
      }
    }
    return vote;
  }

  /** Returns the members whose outputs are summed into one stream, if they are to be. */
  private List<Member> stream(List<Member> members) {
    boolean sums =
        options.streams() == StreamModel.GAUSSIAN_SUM
            && members.stream().anyMatch(member -> norm(member).isThroughAdd());
    return members.stream()
        .filter(member -> sums && norm(member).isFedByProducer())
        .filter(member -> member.units().stream().allMatch(indices -> indices.length == 1))
        .toList();
  }

  /** Scores the sum of some members as one normal variable. */
  private double[] behind(List<Member> summed) {
    ScoredNorm last = norm(summed.get(summed.size() - 1));
    double[] vote = new double[summed.get(0).units().size()];
    for (int channel = 0; channel < vote.length; channel++) {
      double beta = 0;
      double squares = 0;
      int at = 0;
      for (Member member : summed) {
        at = member.units().get(channel)[0];
        double sigma = norm(member).sigma(at);
        beta += norm(member).shift(at);
        squares += sigma * sigma;
      }
      double sigma = Math.sqrt(squares);
      vote[channel] = options.statistic().of(last.moment(at), beta, sigma, sigma);
    }
    return vote;
  }
}
