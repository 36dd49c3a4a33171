package org.espalier.sparse.prune.criterion.filter;

/** Adds up, map by map and in doubles, what is measured of one filter's maps. */
final class MapSums {
  private long maps;
  private double means;
  private double deviations;
  private double l1s;
  private double meanOfL2;
  private double squaresOfL2;

  /** Adds the map of one image: the values at {@code from}, {@code from + step}, and so on. */
  void add(float[] values, int from, int step, int count) {
    double sum = 0;
    double magnitudes = 0;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double value = values[from + i * step];
      sum += value;
      magnitudes += Math.abs(value);
      squares += value * value;
    }
    double mean = sum / count;
    double spread = 0;
    for (int i = 0; i < count; i++) {
      double off = values[from + i * step] - mean;
      spread += off * off;
    }
    add(mean, Math.sqrt(spread / count), magnitudes, Math.sqrt(squares));
  }

  private void add(double mean, double deviation, double l1, double l2) {
    maps++;
    means += mean;
    deviations += deviation;
    l1s += l1;
    // Welford's recurrence: squares of large norms would cancel.
    double before = l2 - meanOfL2;
    meanOfL2 += before / maps;
    squaresOfL2 += before * (l2 - meanOfL2);
  }

  double mean() {
    return means / maps;
  }

  double deviation() {
    return deviations / maps;
  }

  double l1() {
    return l1s / maps;
  }

  double l2() {
    return meanOfL2;
  }

  double varianceOfL2() {
    return squaresOfL2 / maps;
  }
}
