package org.espalier.sparse.prune;

import java.util.Arrays;

/**
 * Makes the scores of different groups comparable before a global ranking (structured-pruning
 * reference, 2.5). Where all scores are equal to 0, or a range or deviation is 0, the result is 0.
 * A divisor below 0, as signed scores can have, would turn the order round and is refused.
 */
public enum Normaliser {
  /** Leaves the scores as they are. */
  NONE {
    @Override
    public double[] apply(double[] scores) {
      return scores.clone();
    }
  },
  /** Divides by the group's sum. */
  SUM {
    @Override
    public double[] apply(double[] scores) {
      return affine(scores, 0, Arrays.stream(scores).sum());
    }
  },
  /** Divides by the group's mean. */
  MEAN {
    @Override
    public double[] apply(double[] scores) {
      return affine(scores, 0, mean(scores));
    }
  },
  /** Divides by the group's largest. */
  MAX {
    @Override
    public double[] apply(double[] scores) {
      return affine(scores, 0, Arrays.stream(scores).max().orElse(0));
    }
  },
  /** Maps the smallest to 0 and the largest to 1. */
  MIN_MAX {
    @Override
    public double[] apply(double[] scores) {
      double least = Arrays.stream(scores).min().orElse(0);
      return affine(scores, least, Arrays.stream(scores).max().orElse(0) - least);
    }
  },
  /** Subtracts the mean and divides by the standard deviation (of the population). */
  Z_SCORE {
    @Override
    public double[] apply(double[] scores) {
      double mean = mean(scores);
      double squares = Arrays.stream(scores).map(s -> (s - mean) * (s - mean)).sum();
      return affine(scores, mean, Math.sqrt(squares / scores.length));
    }
  };

  /** Returns the scores of one group on the common scale; they are not modified. */
  public abstract double[] apply(double[] scores);

  private static double mean(double[] scores) {
    return Arrays.stream(scores).sum() / scores.length;
  }

  private static double[] affine(double[] scores, double shift, double divisor) {
    if (divisor < 0) {
      throw new IllegalArgumentException(
          "normaliser: scores cannot be divided by their sum, mean or largest of %s, which would turn their order round; use MIN_MAX or Z_SCORE"
              .formatted(divisor));
    }
    return Arrays.stream(scores).map(s -> divisor == 0 ? 0 : (s - shift) / divisor).toArray();
  }
}
