package org.espalier.sparse.prune.criterion.hrank;

import java.util.stream.IntStream;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.NumericalRank;
import org.espalier.tensor.parallel.Parallel;

/**
 * Averages the ranks of feature maps over images, channel by channel: {@code (1/g)·Σ_t
 * rank(o_j(t))} (sheet 08, section 2.2). A map's rank counts its singular values above {@code
 * σ₁·max(h, w)·2⁻²³}. Sums of ranks are whole numbers, so how images fall into batches makes no
 * difference.
 */
public final class RankMeans {
  private final int[] channels;
  private final long[] sums;
  private long images;

  /**
   * Creates an average over no image yet.
   *
   * @param channels which channels of the maps count, by their index; -1 stands for a channel of
   *     zeros
   */
  public RankMeans(int... channels) {
    this.channels = channels.clone();
    this.sums = new long[channels.length];
  }

  /** Creates an average of the last channels of maps: those a layer of a dense block adds. */
  public static RankMeans ofLast(int count, int of) {
    return new RankMeans(IntStream.range(of - count, of).toArray());
  }

  /**
   * Adds the maps of some images.
   *
   * @param maps {@code [n, h, w, c]}; {@code [n, l, c]} and {@code [n, c]} count as maps of one row
   * @param layer named by errors
   * @return the ranks, {@code [n, channels]}, I32
   * @throws IllegalArgumentException if a map holds NaN or infinity
   */
  public Tensor add(Tensor maps, String layer) {
    Shape shape = maps.shape();
    int n = shape.size(0);
    int all = shape.size(-1);
    int width = shape.rank() > 2 ? shape.size(-2) : 1;
    int height = shape.count() / n / all / width;
    float[] values = maps.to(DType.F32).f32();
    int[] ranks = new int[n * channels.length];
    long work = (long) height * width * Math.min(height, width);
    Parallel.range(
        ranks.length,
        Parallel.grain(work),
        (from, to) -> {
          NumericalRank rank = new NumericalRank(height, width);
          for (int i = from; i < to; i++) {
            int image = i / channels.length;
            int channel = channels[i % channels.length];
            if (channel >= 0) {
              int at = image * height * width * all + channel;
              ranks[i] = of(rank, values, at, width * all, all, layer, images + image, channel);
            }
          }
        });
    for (int i = 0; i < ranks.length; i++) {
      sums[i % channels.length] += ranks[i];
    }
    images += n;
    return Tensor.of(Shape.of(n, channels.length), ranks);
  }

  private static int of(
      NumericalRank rank,
      float[] values,
      int at,
      int rowStride,
      int columnStride,
      String layer,
      long image,
      int channel) {
    try {
      return rank.of(values, at, rowStride, columnStride);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "feature-map rank: '%s', image %d, channel %d: %s"
              .formatted(layer, image, channel, e.getMessage()),
          e);
    }
  }

  /** Returns the number of images so far. */
  public long images() {
    return images;
  }

  /** Returns the mean rank of each channel; refused before the first image. */
  public double[] means() {
    if (images == 0) {
      throw new IllegalArgumentException("feature-map rank: no image was added");
    }
    double[] means = new double[sums.length];
    for (int c = 0; c < means.length; c++) {
      means[c] = (double) sums[c] / images;
    }
    return means;
  }
}
