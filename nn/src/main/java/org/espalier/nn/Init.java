package org.espalier.nn;

import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Fills a parameter with its initial values, drawn from a stream (layers reference, section 11).
 * Weights are {@code [out, kernel..., in/groups]}; see {@link Fan} for what {@code fan} counts and
 * {@link Gain} for the usual factors.
 */
@FunctionalInterface
public interface Init {
  /**
   * Standard deviation of a unit normal distribution cut at ±2, by which Keras and TensorFlow
   * divide.
   */
  double DEVIATION_CUT_AT_TWO = 0.87962566103423978;

  /** Names the distribution of {@link #varianceScaling}. */
  enum Distribution {
    /** Normal, cut at two standard deviations of the uncut distribution. */
    TRUNCATED_NORMAL,
    /** Normal. */
    NORMAL,
    /** Uniform around zero. */
    UNIFORM
  }

  /** Fills the tensor, which is modified. */
  void fill(Tensor tensor, Random random);

  /** Sets every element to a number. */
  static Init constant(double value) {
    return (tensor, random) -> tensor.fill(value);
  }

  /** Draws from a normal distribution. */
  static Init normal(double mean, double deviation) {
    checkDeviation(deviation);
    return (tensor, random) -> {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.set(i, mean + deviation * random.normal(i));
      }
    };
  }

  /** Draws uniformly from {@code [low, high)}. */
  static Init uniform(double low, double high) {
    if (!(low <= high) || !Double.isFinite(high - low)) {
      throw new IllegalArgumentException(
          "init: uniform needs finite low <= high, got " + low + " and " + high);
    }
    return (tensor, random) -> {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.set(i, low + (high - low) * random.uniform(i));
      }
    };
  }

  /**
   * Draws from a normal distribution and draws again what falls outside {@code [low, high]}.
   *
   * @param low finite lower bound
   * @param high finite upper bound
   */
  static Init truncNormal(double mean, double deviation, double low, double high) {
    checkDeviation(deviation);
    TruncatedNormal distribution = new TruncatedNormal(mean, deviation, low, high);
    return (tensor, random) -> {
      for (int i = 0; i < tensor.count(); i++) {
        tensor.set(i, distribution.draw(random.at(i)));
      }
    };
  }

  /**
   * Draws from {@code N(0, gain/√fan)} (He et al., ICCV 2015, section 2.2); {@code
   * kaimingNormal(Fan.IN, Gain.RELU)} is MSRinit.
   */
  static Init kaimingNormal(Fan fan, double gain) {
    return (tensor, random) ->
        normal(0, gain / Math.sqrt(fan.of(tensor.shape()))).fill(tensor, random);
  }

  /** Draws from {@code U(-b, b)}, {@code b = gain·√(3/fan)} (He et al., ICCV 2015). */
  static Init kaimingUniform(Fan fan, double gain) {
    return (tensor, random) -> {
      double bound = gain * Math.sqrt(3 / fan.of(tensor.shape()));
      uniform(-bound, bound).fill(tensor, random);
    };
  }

  /**
   * Draws weights as PyTorch's Linear and Conv do: {@code U(±1/√fan_in)}, which is kaiming_uniform
   * with the gain of a leaky ReLU of slope {@code √5}.
   */
  static Init pytorchWeight() {
    return kaimingUniform(Fan.IN, Gain.leakyRelu(Math.sqrt(5)));
  }

  /** Draws biases as PyTorch's Linear and Conv do: {@code U(±1/√fan_in)} of their weight. */
  static Init pytorchBias(Shape weight) {
    double bound = 1 / Math.sqrt(Fan.IN.of(weight));
    return uniform(-bound, bound);
  }

  /**
   * Draws from {@code N(0, gain·√(2/(fan_in + fan_out)))} (Glorot and Bengio, AISTATS 2010, section
   * 4.2).
   */
  static Init xavierNormal(double gain) {
    return (tensor, random) ->
        normal(0, gain / Math.sqrt(Fan.AVERAGE.of(tensor.shape()))).fill(tensor, random);
  }

  /**
   * Draws from {@code U(-b, b)}, {@code b = gain·√(6/(fan_in + fan_out))} (Glorot and Bengio,
   * AISTATS 2010); with gain 1 the default of Keras kernels.
   */
  static Init xavierUniform(double gain) {
    return (tensor, random) -> {
      double bound = gain * Math.sqrt(3 / Fan.AVERAGE.of(tensor.shape()));
      uniform(-bound, bound).fill(tensor, random);
    };
  }

  /**
   * Draws with variance {@code scale/fan} as TensorFlow's variance scaling does; the truncated
   * normal is widened first, so that the deviation after cutting is {@code √(scale/fan)}.
   */
  static Init varianceScaling(double scale, Fan fan, Distribution distribution) {
    if (!(scale > 0)) {
      throw new IllegalArgumentException("init: variance scaling needs a scale > 0, got " + scale);
    }
    return (tensor, random) -> {
      double deviation = Math.sqrt(scale / fan.of(tensor.shape()));
      double uncut = deviation / DEVIATION_CUT_AT_TWO;
      double bound = Math.sqrt(3) * deviation;
      Init init =
          switch (distribution) {
            case TRUNCATED_NORMAL -> truncNormal(0, uncut, -2 * uncut, 2 * uncut);
            case NORMAL -> normal(0, deviation);
            case UNIFORM -> uniform(-bound, bound);
          };
      init.fill(tensor, random);
    };
  }

  /**
   * Draws a matrix {@code [out, kernel · in]} with orthonormal rows (columns where it is tall),
   * times gain (Saxe et al., ICLR 2014).
   */
  static Init orthogonal(double gain) {
    return new Orthogonal(gain);
  }

  private static void checkDeviation(double deviation) {
    if (!(deviation >= 0) || !Double.isFinite(deviation)) {
      throw new IllegalArgumentException(
          "init: a standard deviation must be finite and not negative, got " + deviation);
    }
  }
}
