package org.espalier.sparse.mask;

import java.util.Locale;
import org.espalier.tensor.Tensor;

/**
 * Divides the mask gradient of each feature by a measure of its size, so that features of strongly
 * different gradients move alike (SCL, 2.6; measure and epsilon reconstructed). A feature is one
 * index of axis 0: an output unit, a filter, a channel of a depthwise convolution. A feature
 * without gradient stays exactly 0.
 */
public enum MaskGradientNormalization {
  /** Leaves gradients as they are. */
  NONE,
  /** Divides by {@code √Σt²}. */
  L2,
  /** Divides by {@code √(Σt² / n)}. */
  RMS,
  /** Divides by {@code max|t|}. */
  MAX_ABS;

  /** What is added to the divisor. */
  public static final double EPSILON = 1e-12;

  /** Normalises a gradient in place, feature by feature. */
  public void normalize(Tensor gradient) {
    normalize(gradient, EPSILON);
  }

  /** Normalises a gradient in place, with another epsilon. */
  public void normalize(Tensor gradient, double epsilon) {
    if (this == NONE || gradient.count() == 0) {
      return;
    }
    int features = gradient.shape().size(0);
    int size = gradient.count() / features;
    for (int feature = 0; feature < features; feature++) {
      int from = feature * size;
      double divisor = size(gradient, from, from + size) + epsilon;
      for (int i = from; i < from + size; i++) {
        gradient.set(i, gradient.get(i) / divisor);
      }
    }
  }

  private double size(Tensor gradient, int from, int to) {
    double squares = 0;
    double largest = 0;
    for (int i = from; i < to; i++) {
      double t = gradient.get(i);
      squares += t * t;
      largest = Math.max(largest, Math.abs(t));
    }
    return switch (this) {
      case NONE -> 1;
      case L2 -> Math.sqrt(squares);
      case RMS -> Math.sqrt(squares / (to - from));
      case MAX_ABS -> largest;
    };
  }

  /** Returns the mode of a name such as {@code max_abs}. */
  public static MaskGradientNormalization of(String name) {
    try {
      return valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "mask gradients: unknown normalisation '%s'; there are none, l2, rms, max_abs"
              .formatted(name),
          e);
    }
  }
}
