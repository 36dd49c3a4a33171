package org.espalier.sparse.quant;

import java.util.Locale;
import org.espalier.tensor.StateException;

/** Makes {@link Observer}s (resource-efficiency survey, Q7). */
public final class Observers {
  /** The share of a new batch in a moving average, where nothing else is said. */
  public static final double DEFAULT_RATE = 0.01;

  /** The percentile, where nothing else is said. */
  public static final double DEFAULT_PERCENTILE = 99.99;

  /** The number of thresholds tried for the least squared error, where nothing else is said. */
  public static final int DEFAULT_STEPS = 100;

  /** The number of bins of a histogram, where nothing else is said. */
  public static final int DEFAULT_BINS = 2048;

  /** The number of levels that a histogram is reduced to, where nothing else is said. */
  public static final int DEFAULT_LEVELS = 128;

  private Observers() {}

  /** Returns the kind that takes the smallest and the largest value ever seen. */
  public static Observer.Factory minMax() {
    return (name, grid) -> new MinMaxObserver(name);
  }

  /** Returns the kind that averages the ends of each batch, at the usual rate. */
  public static Observer.Factory movingAverage() {
    return movingAverage(DEFAULT_RATE);
  }

  /**
   * Returns the kind that averages the ends of each batch, {@code lo ← lo + rate·(min(x) - lo)};
   * the first batch sets them.
   *
   * @param rate above 0, at most 1
   */
  public static Observer.Factory movingAverage(double rate) {
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException(
          "moving average: rate must be above 0 and at most 1, got " + rate);
    }
    return (name, grid) -> new MovingAverageObserver(name, rate);
  }

  /** Returns the kind that takes the 99.99th percentile of the magnitudes. */
  public static Observer.Factory percentile() {
    return percentile(DEFAULT_PERCENTILE);
  }

  /** Returns the kind that takes a percentile of the magnitudes, above 0 and at most 100. */
  public static Observer.Factory percentile(double percentile) {
    if (!(percentile > 0 && percentile <= 100)) {
      throw new IllegalArgumentException(
          "percentile: must be above 0 and at most 100, got " + percentile);
    }
    return (name, grid) ->
        new ThresholdObserver(name, false, values -> values.percentile(percentile));
  }

  /** Returns the kind that takes the best of 100 thresholds by squared error. */
  public static Observer.Factory meanSquaredError() {
    return meanSquaredError(DEFAULT_STEPS);
  }

  /** Returns the kind that takes the best of some thresholds by squared error. */
  public static Observer.Factory meanSquaredError(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("squared error: steps must be 1 or more, got " + steps);
    }
    return (name, grid) ->
        new ThresholdObserver(
            name,
            false,
            values ->
                SquaredErrorThreshold.of(
                        values, grid.bits(), grid.scheme() == Scheme.SYMMETRIC, steps)
                    .value());
  }

  /** Returns the kind that loses least of the histogram, with 2048 bins and 128 levels. */
  public static Observer.Factory entropy() {
    return entropy(DEFAULT_BINS, DEFAULT_LEVELS, false);
  }

  /**
   * Returns the kind that loses least of the histogram by Kullback-Leibler divergence.
   *
   * @param bins the histogram's bins
   * @param levels what it is reduced to, at most as many
   * @param ignoreZeros whether exact zeros do not count: they would rule what follows a rectifier
   */
  public static Observer.Factory entropy(int bins, int levels, boolean ignoreZeros) {
    if (levels < 1 || bins < levels) {
      throw new IllegalArgumentException(
          "entropy: levels must be 1 or more and bins at least as many, got %d levels, %d bins"
              .formatted(levels, bins));
    }
    return (name, grid) ->
        new ThresholdObserver(
            name,
            ignoreZeros,
            values -> EntropyThreshold.of(values.histogram(bins), values.max(), levels).value());
  }

  /**
   * Returns the kind of a name: {@code minmax}, {@code moving_average}, {@code percentile}, {@code
   * mse}, {@code entropy}; the first two of the middle ones take a number, {@code percentile:99.9}.
   */
  public static Observer.Factory named(String text) {
    String[] parts = text.toLowerCase(Locale.ROOT).split(":", 2);
    boolean plain = parts.length == 1;
    return switch (parts[0]) {
      case "minmax" -> plainOnly(plain, text, minMax());
      case "moving_average" -> plain ? movingAverage() : movingAverage(number(parts[1], text));
      case "percentile" -> plain ? percentile() : percentile(number(parts[1], text));
      case "mse" -> plainOnly(plain, text, meanSquaredError());
      case "entropy" -> plainOnly(plain, text, entropy());
      default ->
          throw new IllegalArgumentException(
              "observer: unknown '%s'; there are minmax, moving_average, percentile, mse, entropy"
                  .formatted(text));
    };
  }

  private static Observer.Factory plainOnly(boolean plain, String text, Observer.Factory kind) {
    if (!plain) {
      throw new IllegalArgumentException("observer: '" + text + "' takes no number");
    }
    return kind;
  }

  private static double number(String text, String all) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "observer: '%s' in '%s' is no number".formatted(text, all), e);
    }
  }

  static StateException nothingSeen(String name) {
    return new StateException(
        "observer: no value of '%s' was observed; run at least one batch first".formatted(name));
  }
}
