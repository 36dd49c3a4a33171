package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Parameter;
import org.espalier.nn.layer.BatchNorm;

/**
 * Is one batch norm as it was when evidence was taken: its two vectors, deviations, and what the
 * activation behind it does to each channel.
 */
final class ScoredNorm {
  private final String path;
  private final Parameter gamma;
  private final double[] scale;
  private final double[] shift;
  private final double[] sigma;
  private final List<List<ActivationMoment>> uses = new ArrayList<>();
  private boolean fedByProducer;
  private boolean throughAdd;

  /** Reads a norm that has gamma and beta; numbers that make no sense are refused. */
  ScoredNorm(String path, BatchNorm norm, SigmaMode mode) {
    this.path = path;
    gamma = norm.gamma();
    scale = finite(norm.gamma(), path + " gamma");
    shift = finite(norm.beta(), path + " beta");
    double[] variance = null;
    if (norm.runningVariance() != null) {
      variance = finite(norm.runningVariance(), path + " running variance");
      for (int c = 0; c < variance.length; c++) {
        if (variance[c] < 0) {
          throw new IllegalArgumentException(
              "batch norm importance: the running variance of %s is %s at channel %d"
                  .formatted(path, variance[c], c));
        }
      }
    }
    sigma = new double[scale.length];
    for (int c = 0; c < sigma.length; c++) {
      // Without running statistics the batch's own variance rules, whose share of eps is unknown.
      sigma[c] =
          variance == null ? Math.abs(scale[c]) : mode.sigma(scale[c], variance[c], norm.eps());
    }
  }

  private static double[] finite(Parameter parameter, String what) {
    double[] values = parameter.value().toDoubles();
    for (int c = 0; c < values.length; c++) {
      if (!Double.isFinite(values[c])) {
        throw new IllegalArgumentException(
            "batch norm importance: the %s is %s at channel %d".formatted(what, values[c], c));
      }
    }
    return values;
  }

  /** Adds one call of the norm and what becomes of its channels. */
  void addUse(List<ActivationMoment> moments, boolean fed, boolean added) {
    uses.add(moments);
    fedByProducer |= fed;
    throughAdd |= added;
  }

  Parameter gamma() {
    return gamma;
  }

  String path() {
    return path;
  }

  int channels() {
    return scale.length;
  }

  double shift(int channel) {
    return shift[channel];
  }

  double sigma(int channel) {
    return sigma[channel];
  }

  /** Returns the moments of a channel where the norm is called first. */
  ActivationMoment moment(int channel) {
    return uses.get(0).get(channel);
  }

  /** Tells whether a convolution or linear layer makes what this normalises. */
  boolean isFedByProducer() {
    return fedByProducer;
  }

  /** Tells whether its output is added to others before any activation. */
  boolean isThroughAdd() {
    return throughAdd;
  }

  /** Returns a channel's importance, the sum over all calls of the norm. */
  double importance(Statistic statistic, int channel) {
    double sum = 0;
    for (List<ActivationMoment> moments : uses) {
      sum += statistic.of(moments.get(channel), shift[channel], scale[channel], sigma[channel]);
    }
    return sum;
  }
}
