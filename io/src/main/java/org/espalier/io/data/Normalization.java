package org.espalier.io.data;

import java.util.Arrays;
import org.espalier.tensor.Random;
import org.espalier.tensor.ShapeException;

/**
 * Shifts and scales each channel: {@code y = (x - mean[channel]) / std[channel]}, x in 0 to 1.
 *
 * <p>It is an {@link Augmentation} too, for chains in which something comes after it.
 *
 * @param mean one value a channel
 * @param std one value a channel, positive
 */
public record Normalization(double[] mean, double[] std) implements Augmentation {
  /** The published figures of the CIFAR-10 training set. */
  public static final Normalization CIFAR10 =
      new Normalization(
          new double[] {0.49140, 0.48216, 0.44653}, new double[] {0.24703, 0.24348, 0.26159});

  /** The published figures of the CIFAR-100 training set. */
  public static final Normalization CIFAR100 =
      new Normalization(
          new double[] {0.50708, 0.48655, 0.44092}, new double[] {0.26733, 0.25644, 0.27615});

  /** The published figures of the MNIST training set. */
  public static final Normalization MNIST =
      new Normalization(new double[] {0.1307}, new double[] {0.3081});

  /** The figures of ImageNet, which many published networks use on other pictures too. */
  public static final Normalization IMAGENET =
      new Normalization(new double[] {0.485, 0.456, 0.406}, new double[] {0.229, 0.224, 0.225});

  /** Creates the normalisation; the arrays are copied. */
  public Normalization {
    if (mean.length != std.length || mean.length == 0) {
      throw new ShapeException(
          "normalization: one mean and one std a channel, got "
              + mean.length
              + " means and "
              + std.length
              + " stds");
    }
    mean = mean.clone();
    std = std.clone();
    for (int channel = 0; channel < std.length; channel++) {
      if (!(std[channel] > 0) || !Double.isFinite(std[channel] + mean[channel])) {
        throw new IllegalArgumentException(
            "normalization: channel "
                + channel
                + " needs a finite mean and a positive std, got mean "
                + mean[channel]
                + " and std "
                + std[channel]);
      }
    }
  }

  /** Returns the normalisation that changes nothing. */
  public static Normalization identity(int channels) {
    double[] ones = new double[channels];
    Arrays.fill(ones, 1);
    return new Normalization(new double[channels], ones);
  }

  /**
   * Measures a data set: the mean and the standard deviation (divisor n) of each channel over all
   * samples and places. A channel is the last axis; a constant channel is an error.
   */
  public static Normalization of(Dataset data) {
    int channels = data.sampleShape().size(-1);
    double[] sum = new double[channels];
    double[] squares = new double[channels];
    float[] values = new float[data.sampleShape().count()];
    for (int index = 0; index < data.size(); index++) {
      data.read(index, values, 0);
      for (int i = 0; i < values.length; i++) {
        sum[i % channels] += values[i];
        squares[i % channels] += (double) values[i] * values[i];
      }
    }
    double count = (double) data.size() * values.length / channels;
    double[] std = new double[channels];
    for (int channel = 0; channel < channels; channel++) {
      sum[channel] /= count;
      std[channel] = Math.sqrt(Math.max(0, squares[channel] / count - sum[channel] * sum[channel]));
    }
    return new Normalization(sum, std);
  }

  @Override
  public double[] mean() {
    return mean.clone();
  }

  @Override
  public double[] std() {
    return std.clone();
  }

  /** Returns the number of channels. */
  public int channels() {
    return mean.length;
  }

  /**
   * Normalises values whose innermost axis is the channel.
   *
   * @param values modified from {@code offset} on
   * @param offset the first element, channel 0
   * @param count how many elements, a multiple of the number of channels
   */
  public void apply(float[] values, int offset, int count) {
    if (count % mean.length != 0) {
      throw new ShapeException(
          "normalization: "
              + count
              + " values are no whole number of pixels of "
              + mean.length
              + " channels");
    }
    for (int channel = 0; channel < mean.length; channel++) {
      float shift = (float) mean[channel];
      float scale = (float) std[channel];
      for (int i = offset + channel; i < offset + count; i += mean.length) {
        values[i] = (values[i] - shift) / scale;
      }
    }
  }

  @Override
  public void apply(Sample sample, Random random) {
    if (sample.channels() != mean.length) {
      throw new ShapeException(
          "normalization: for " + mean.length + " channels, the picture has " + sample.channels());
    }
    apply(
        sample.values(), sample.index(0, 0), sample.height() * sample.width() * sample.channels());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Normalization that
        && Arrays.equals(mean, that.mean)
        && Arrays.equals(std, that.std);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(mean) + Arrays.hashCode(std);
  }

  @Override
  public String toString() {
    return "(x - " + Arrays.toString(mean) + ") / " + Arrays.toString(std);
  }
}
