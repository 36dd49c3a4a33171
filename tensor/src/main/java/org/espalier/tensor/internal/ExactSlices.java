package org.espalier.tensor.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.tensor.Prepacked;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;

/**
 * Cuts the input channels of a group into slices whose products floats add up exactly: no part of a
 * sum over a slice leaves the integers up to 2^24, whatever the input.
 *
 * <p>The bound is that of the weights at hand, not of the largest there may be, {@code reach · Σ
 * |w|}: most layers are one slice.
 */
final class ExactSlices {
  /** Up to here every integer is a float. */
  private static final long EXACT = 1L << 24;

  /** Names the borders kept with a weight. */
  private record Borders(int groups, int reach) {}

  /** Names the values of a slice kept with a weight. */
  private record Slice(int from, int to) {}

  private final Tensor weight;
  private final int row;
  private final int channels;
  private final int[] borders;

  /**
   * Finds the slices of a weight, once where it is frozen.
   *
   * @param reach how far a code of the input may lie from its zero point
   */
  ExactSlices(ConvGeometry g, Tensor weight, int reach) {
    this.weight = weight;
    this.channels = g.groupIn();
    this.row = g.kernelHeight() * g.kernelWidth() * channels;
    Prepacked kept = weight.prepacked();
    this.borders =
        whole(
            kept == null
                ? borders(reach)
                : kept.get(new Borders(g.groups(), reach), () -> borders(reach)));
  }

  /** Copies are kept as floats. */
  private static int[] whole(float[] numbers) {
    int[] whole = new int[numbers.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (int) numbers[i];
    }
    return whole;
  }

  /** Returns where slices begin, and the end of the last; none where one channel is too much. */
  private float[] borders(int reach) {
    byte[] codes = weight.i8();
    int out = weight.count() / Math.max(1, row);
    long[] sums = new long[out];
    List<Integer> found = new ArrayList<>(List.of(0));
    for (int c = 0; c < channels; c++) {
      long most = 0;
      for (int o = 0; o < out; o++) {
        sums[o] += channelSum(codes, o, c);
        most = Math.max(most, sums[o]);
      }
      if (most * reach > EXACT) {
        if (found.get(found.size() - 1) == c) {
          return new float[0];
        }
        found.add(c);
        Arrays.fill(sums, 0);
        c--;
      }
    }
    found.add(channels);
    float[] numbers = new float[found.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = found.get(i);
    }
    return numbers;
  }

  private long channelSum(byte[] codes, int o, int c) {
    long sum = 0;
    for (int i = o * row + c; i < (o + 1) * row; i += channels) {
      sum += Math.abs(codes[i]);
    }
    return sum;
  }

  /** Returns the number of slices; 0 where floats cannot do it. */
  int count() {
    return Math.max(0, borders.length - 1);
  }

  /** Returns the number of weights. */
  int weights() {
    return weight.count();
  }

  /** Returns the first channel of a slice within its group; that of {@code count()} is the end. */
  int from(int slice) {
    return borders[slice];
  }

  /** Returns the channels of a slice in each group. */
  int width(int slice) {
    return borders[slice + 1] - borders[slice];
  }

  /** Returns the values of a slice's weights {@code [out, kh, kw, width]} as floats. */
  float[] values(int slice) {
    Prepacked kept = weight.prepacked();
    return kept == null ? widened(slice) : kept.get(key(slice), () -> widened(slice));
  }

  /** Returns what is kept of a slice's weights, null where the weight may change. */
  Prepacked kept(int slice) {
    return weight.prepacked() == null ? null : weight.prepacked().derived(key(slice));
  }

  private Slice key(int slice) {
    return new Slice(borders[slice], borders[slice + 1]);
  }

  private float[] widened(int slice) {
    byte[] codes = weight.i8();
    int width = width(slice);
    int runs = weight.count() / Math.max(1, channels);
    float[] values = new float[runs * width];
    for (int r = 0; r < runs; r++) {
      for (int c = 0; c < width; c++) {
        values[r * width + c] = codes[r * channels + borders[slice] + c];
      }
    }
    return values;
  }
}
