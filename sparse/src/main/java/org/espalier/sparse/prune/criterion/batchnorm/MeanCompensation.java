package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.List;
import java.util.Map;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelSelection;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Side;
import org.espalier.sparse.prune.criterion.FilterRows;
import org.espalier.tensor.Tensor;

/**
 * Cuts channels and leaves their expected output behind: each reader gets {@code Σ_k
 * W[:,j,k]·E[act(z_j)]} in its bias, or, where it has none, in the running mean of the batch norm
 * behind it (sheet 06, section 2.5; reconstructed). It costs nothing at inference, and is exact for
 * channels that were constant.
 */
public final class MeanCompensation {
  private static final double REACH = 12;
  private static final int STEPS = 480;
  private static final int HALVINGS = 200;

  private MeanCompensation() {}

  /**
   * Cuts channels, in all parameters and slots, after their means were moved to their readers.
   * Channels without batch norm leave nothing behind.
   *
   * @param graph the graph the channels are of; its model is modified
   * @param cuts the channels that go
   * @param options how norms are read: the deviation, own moments, and what a sum means
   * @return where the means could not be moved exactly (at zero padding), one line a reader
   */
  public static List<String> cut(
      ChannelGraph graph, ChannelSelection cuts, BatchNormImportance options) {
    cuts.check();
    Map<Parameter, ScoredNorm> norms = NormReader.read(options, graph.model(), graph.sampleShape());
    for (Member member : cuts.members()) {
      boolean bias = member.side() == Side.OUT && !member.producer();
      if (member.producer() || bias) {
        FilterRows.zero(member.parameter(), member.indices());
      }
    }
    for (var module : graph.model().modules().values()) {
      if (module instanceof BatchNorm norm && norms.containsKey(norm.gamma())) {
        for (Member member : cuts.members()) {
          if (member.parameter() == norm.gamma()) {
            emitMean(norm, norms.get(norm.gamma()), member.indices());
          }
        }
      }
    }
    return cuts.cut(MaskPolicy.FOLD_CONSTANT);
  }

  /** Lets a norm emit, whatever it gets, what the activation maps to the mean of its output. */
  private static void emitMean(BatchNorm norm, ScoredNorm read, int... channels) {
    Tensor gamma = norm.gamma().value().copy();
    Tensor beta = norm.beta().value().copy();
    for (int c : channels) {
      gamma.set(c, 0);
      if (!read.isThroughAdd()) {
        beta.set(c, source(read.moment(c), read.shift(c), read.sigma(c)));
      }
    }
    norm.gamma().set(gamma);
    norm.beta().set(beta);
  }

  /** Returns a number that the activation maps to the mean of its output. */
  static double source(ActivationMoment moment, double beta, double sigma) {
    double mean = moment.mean(beta, sigma);
    if (moment.value(mean) == mean) {
      return mean;
    }
    // The mean of a continuous function lies between two of its values, however it bends.
    double step = 2 * REACH * sigma / STEPS;
    for (int i = 0; i < STEPS && sigma > 0; i++) {
      double low = beta - REACH * sigma + i * step;
      double high = low + step;
      if ((moment.value(low) - mean) * (moment.value(high) - mean) <= 0) {
        return bisect(moment, mean, low, high);
      }
    }
    return beta;
  }

  private static double bisect(ActivationMoment moment, double mean, double from, double to) {
    double low = from;
    double high = to;
    boolean rises = moment.value(low) <= moment.value(high);
    for (int i = 0; i < HALVINGS; i++) {
      double middle = low + (high - low) / 2;
      if (moment.value(middle) < mean == rises) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low + (high - low) / 2;
  }
}
