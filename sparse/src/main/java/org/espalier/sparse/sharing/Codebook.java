package org.espalier.sparse.sharing;

import java.util.Arrays;

/**
 * Finds a few values that stand for many numbers, by k-means on the line (resource-efficiency
 * survey, S5): centroids start evenly between the smallest and the largest number, then Lloyd's
 * steps, in which a number goes to the nearest centroid (to the lower of two as near) and a
 * centroid to the mean of its numbers; a centroid without numbers stays.
 *
 * <p>The numbers are sorted once: a step then costs a few searches a centroid, however many numbers
 * there are. Steps modify it.
 */
public final class Codebook {
  private final double[] numbers;
  private final double[] sorted;

  /** Sums of the first i sorted numbers and of their squares. */
  private final double[] sums;

  private final double[] squares;
  private final double[] centroids;

  /**
   * Starts with evenly spread centroids.
   *
   * @param numbers what is to be stood for, finite; not modified
   * @param clusters the number of centroids, from 1 to that of the numbers
   */
  public Codebook(double[] numbers, int clusters) {
    if (clusters < 1 || clusters > numbers.length) {
      throw new IllegalArgumentException(
          "codebook: the number of clusters must be inside 1..%d for so many numbers, got %d"
              .formatted(numbers.length, clusters));
    }
    this.numbers = numbers.clone();
    this.sorted = numbers.clone();
    Arrays.sort(sorted);
    double first = sorted[0];
    double last = sorted[sorted.length - 1];
    if (!Double.isFinite(first) || !Double.isFinite(last)) {
      throw new IllegalArgumentException(
          "codebook: all numbers must be finite, got %s to %s".formatted(first, last));
    }
    this.sums = new double[sorted.length + 1];
    this.squares = new double[sorted.length + 1];
    for (int i = 0; i < sorted.length; i++) {
      sums[i + 1] = sums[i] + sorted[i];
      squares[i + 1] = squares[i] + sorted[i] * sorted[i];
    }
    this.centroids = new double[clusters];
    for (int c = 0; c < clusters; c++) {
      centroids[c] = clusters == 1 ? first : first + (last - first) * c / (clusters - 1);
    }
  }

  /** Returns the codebook after Lloyd's steps until nothing changes, at most so many. */
  public static Codebook fit(double[] numbers, int clusters, int maxIterations) {
    if (maxIterations < 0) {
      throw new IllegalArgumentException(
          "codebook: iterations must be at least 0, got " + maxIterations);
    }
    Codebook book = new Codebook(numbers, clusters);
    int done = 0;
    while (done < maxIterations && book.step()) {
      done++;
    }
    return book;
  }

  /** Moves every centroid to the mean of the numbers nearest to it; tells whether one moved. */
  public boolean step() {
    int[] ends = ends();
    boolean moved = false;
    for (int c = 0; c < centroids.length; c++) {
      int from = c == 0 ? 0 : ends[c - 1];
      if (ends[c] > from) {
        double mean = (sums[ends[c]] - sums[from]) / (ends[c] - from);
        moved |= mean != centroids[c];
        centroids[c] = mean;
      }
    }
    return moved;
  }

  /** Returns where the sorted numbers of each centroid end. */
  private int[] ends() {
    int[] ends = new int[centroids.length];
    int from = 0;
    for (int c = 0; c < centroids.length; c++) {
      int low = from;
      int high = c == centroids.length - 1 ? from : sorted.length;
      // The first number that is nearer to the next centroid ends this one's.
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (isNearerToNext(sorted[middle], c)) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      ends[c] = c == centroids.length - 1 ? sorted.length : low;
      from = ends[c];
    }
    return ends;
  }

  private boolean isNearerToNext(double number, int c) {
    return Math.abs(number - centroids[c + 1]) < Math.abs(number - centroids[c]);
  }

  /** Returns the sum of the squared distances of all numbers from their centroids. */
  public double objective() {
    int[] ends = ends();
    double sum = 0;
    for (int c = 0; c < centroids.length; c++) {
      int from = c == 0 ? 0 : ends[c - 1];
      double numbersSum = sums[ends[c]] - sums[from];
      sum +=
          squares[ends[c]]
              - squares[from]
              - 2 * centroids[c] * numbersSum
              + (ends[c] - from) * centroids[c] * centroids[c];
    }
    return sum;
  }

  /** Returns the centroids, ascending. */
  public double[] centroids() {
    return centroids.clone();
  }

  /** Returns the number of the nearest centroid of each number, of equal ones the first. */
  public int[] codes() {
    int[] codes = new int[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      codes[i] = nearest(numbers[i]);
    }
    return codes;
  }

  /** Seeks the first centroid whose successor is not strictly nearer. */
  private int nearest(double number) {
    int low = 0;
    int high = centroids.length - 1;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (isNearerToNext(number, middle)) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
