package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Chooses masks of ones and zeros by scores: exactly so many, and among equal scores by flat index,
 * channels first, layers in order (resource-efficiency survey, P1 and P5).
 */
public final class ConnectionMasks {
  /** One number of one tensor. */
  private record Place(int tensor, int index, double score) {}

  private ConnectionMasks() {}

  /** Returns the magnitudes {@code |w|}: the usual scores. */
  public static Tensor magnitudes(Tensor weight) {
    Tensor scores = weight.copy();
    for (int i = 0; i < scores.count(); i++) {
      scores.set(i, Math.abs(scores.get(i)));
    }
    return scores;
  }

  /**
   * Zeroes the {@code rint(sparsity · n)} smallest scores of one tensor; ties: the lowest flat
   * index goes first.
   *
   * @param sparsity the share that goes, in [0, 1)
   */
  public static Tensor local(Tensor scores, double sparsity) {
    return global(List.of(scores), sparsity).get(0);
  }

  /** Zeroes the smallest scores of several tensors ranked together. */
  public static List<Tensor> global(List<Tensor> scores, double sparsity) {
    checkSparsity(sparsity);
    List<Place> places = places(scores);
    places.sort(Comparator.comparingDouble(Place::score));
    int out = (int) Math.rint(sparsity * places.size());
    return masks(scores, places.subList(0, out), 1);
  }

  /**
   * Keeps the {@code (int) (keepRatio · n)} largest scores of several tensors ranked together;
   * ties: the lowest flat index is kept.
   *
   * @param keepRatio the share that stays, in (0, 1], of at least one connection
   */
  public static List<Tensor> keepLargest(List<Tensor> scores, double keepRatio) {
    List<Place> places = places(scores);
    int kept = keepRatio > 0 && keepRatio <= 1 ? (int) (keepRatio * places.size()) : 0;
    if (kept < 1) {
      throw new IllegalArgumentException(
          "pruning: a keep ratio of %s leaves no connection of %d; it must be in (0, 1]"
              .formatted(keepRatio, places.size()));
    }
    places.sort(Comparator.comparingDouble(Place::score).reversed());
    return masks(scores, places.subList(0, kept), 0);
  }

  /**
   * Keeps the {@code kept} largest of each run of {@code of} inputs, such as 2 of 4 (N:M sparsity);
   * runs go along the last axis, an incomplete one at the end keeps its share, rounded up.
   */
  public static Tensor ofEach(int kept, int of, Tensor scores) {
    if (of < 1 || kept < 1 || kept > of) {
      throw new IllegalArgumentException(
          "pruning: %d of %d must be at least 1 of as many or more".formatted(kept, of));
    }
    int inputs = scores.shape().size(-1);
    Tensor mask = Tensor.zeros(scores.dtype(), scores.shape());
    for (int row = 0; row < scores.count(); row += inputs) {
      for (int first = 0; first < inputs; first += of) {
        int size = Math.min(of, inputs - first);
        int from = row + first;
        IntStream.range(from, from + size)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer i) -> -scores.get(i)))
            .limit((kept * size + of - 1) / of)
            .forEach(i -> mask.set(i, 1));
      }
    }
    return mask;
  }

  /**
   * Zeroes whole blocks of {@code height} outputs by {@code width} inputs, those of the smallest
   * sums of scores, {@code rint(sparsity · blocks)} of them; a convolution has blocks at each
   * kernel position. Blocks at the edges may be smaller and count by their means.
   */
  public static Tensor blocks(int height, int width, Tensor scores, double sparsity) {
    checkSparsity(sparsity);
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "pruning: blocks must be at least 1 by 1, got %d by %d".formatted(height, width));
    }
    Blocks grid = Blocks.of(scores.shape(), height, width);
    double[] sums = new double[grid.count()];
    int[] sizes = new int[grid.count()];
    for (int i = 0; i < scores.count(); i++) {
      sums[grid.of(i)] += scores.get(i);
      sizes[grid.of(i)]++;
    }
    Integer[] order = IntStream.range(0, sums.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparingDouble(block -> sums[block] / sizes[block]));
    boolean[] out = new boolean[sums.length];
    for (int k = 0; k < (int) Math.rint(sparsity * sums.length); k++) {
      out[order[k]] = true;
    }
    Tensor mask = Tensor.zeros(scores.dtype(), scores.shape());
    for (int i = 0; i < mask.count(); i++) {
      mask.set(i, out[grid.of(i)] ? 0 : 1);
    }
    return mask;
  }

  /**
   * Lays blocks over outputs and inputs.
   *
   * @param row numbers in a row of the weight
   * @param inputs numbers in its last axis
   * @param across blocks side by side at one kernel position
   */
  private record Blocks(int count, int height, int width, int row, int inputs, int across) {
    static Blocks of(Shape shape, int height, int width) {
      int rows = shape.size(0);
      int row = shape.count() / rows;
      int inputs = shape.size(-1);
      int across = (inputs + width - 1) / width;
      int down = (rows + height - 1) / height;
      return new Blocks(down * (row / inputs) * across, height, width, row, inputs, across);
    }

    int of(int index) {
      int place = index % row / inputs;
      return (index / row / height * (row / inputs) + place) * across + index % inputs / width;
    }
  }

  /** Returns the norm of each row of a weight, the scores of filters; order 1 or 2. */
  public static Tensor rowNorms(Tensor weight, int order) {
    if (order != 1 && order != 2) {
      throw new IllegalArgumentException("pruning: the norm's order must be 1 or 2, got " + order);
    }
    int rows = weight.shape().size(0);
    int row = weight.count() / rows;
    Tensor norms = Tensor.zeros(weight.dtype(), Shape.of(rows));
    for (int o = 0; o < rows; o++) {
      double sum = 0;
      for (int i = o * row; i < (o + 1) * row; i++) {
        sum += order == 1 ? Math.abs(weight.get(i)) : weight.get(i) * weight.get(i);
      }
      norms.set(o, order == 1 ? sum : Math.sqrt(sum));
    }
    return norms;
  }

  static void checkSparsity(double sparsity) {
    if (!(sparsity >= 0 && sparsity < 1)) {
      throw new IllegalArgumentException(
          "pruning: the sparsity must be from 0 to below 1, got " + sparsity);
    }
  }

  private static List<Place> places(List<Tensor> scores) {
    List<Place> places = new ArrayList<>();
    for (int t = 0; t < scores.size(); t++) {
      Tensor tensor = scores.get(t);
      for (int index : channelsFirst(tensor.shape())) {
        double score = tensor.get(index);
        if (Double.isNaN(score)) {
          throw new IllegalArgumentException(
              "pruning: score %d of tensor %d is NaN; nothing was pruned".formatted(index, t));
        }
        places.add(new Place(t, index, score));
      }
    }
    return places;
  }

  /** Returns the flat indices of a weight in the order they have with channels first. */
  private static int[] channelsFirst(Shape shape) {
    int count = shape.count();
    if (shape.rank() < 3 || count == 0) {
      return IntStream.range(0, count).toArray();
    }
    int inputs = shape.size(-1);
    int row = count / shape.size(0);
    int taps = row / inputs;
    return IntStream.range(0, count)
        .map(f -> f / row * row + f % taps * inputs + f % row / taps)
        .toArray();
  }

  /** Returns masks of one value that have the other at some places. */
  private static List<Tensor> masks(List<Tensor> scores, List<Place> chosen, int other) {
    List<Tensor> masks = new ArrayList<>();
    scores.forEach(s -> masks.add(Tensor.full(s.dtype(), s.shape(), other)));
    chosen.forEach(place -> masks.get(place.tensor).set(place.index, 1 - other));
    return masks;
  }
}
