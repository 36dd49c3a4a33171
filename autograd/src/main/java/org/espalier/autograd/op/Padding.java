package org.espalier.autograd.op;

import org.espalier.tensor.ShapeException;

/**
 * Says how far one axis is padded before a window slides over it (layers reference, section 2).
 *
 * @param mode how the numbers are found
 * @param before zeros in front, for {@link Mode#EXPLICIT}
 * @param after zeros behind, for {@link Mode#EXPLICIT}
 */
public record Padding(Mode mode, int before, int after) {
  /** Says how the numbers of zeros are found. */
  public enum Mode {
    /** As given. */
    EXPLICIT,
    /**
     * PyTorch's {@code same}: stride 1 only, {@code total = dilation·(kernel - 1)}, the smaller
     * half in front.
     */
    SAME,
    /**
     * Keras' {@code same}: {@code ceil(input / stride)} outputs, as few zeros as that takes, the
     * smaller half in front.
     */
    TF_SAME
  }

  /** No padding. */
  public static final Padding VALID = new Padding(Mode.EXPLICIT, 0, 0);

  /** PyTorch's {@code same}; the stride must be 1. */
  public static final Padding SAME = new Padding(Mode.SAME, 0, 0);

  /** Keras' {@code same}, for any stride. */
  public static final Padding TF_SAME = new Padding(Mode.TF_SAME, 0, 0);

  /** Creates a padding; the numbers must not be negative. */
  public Padding {
    if (before < 0 || after < 0) {
      throw new IllegalArgumentException(
          "padding: must not be negative, got " + before + " before and " + after + " after");
    }
  }

  /** Returns the padding with as many zeros in front as behind. */
  public static Padding of(int both) {
    return new Padding(Mode.EXPLICIT, both, both);
  }

  /** Returns the padding with different numbers of zeros in front and behind. */
  public static Padding of(int before, int after) {
    return new Padding(Mode.EXPLICIT, before, after);
  }

  /** Returns the zeros in front of an axis of {@code input} elements. */
  public int before(int input, int kernel, int stride, int dilation) {
    return mode == Mode.EXPLICIT ? before : total(input, kernel, stride, dilation) / 2;
  }

  /** Returns the zeros on both ends together. */
  public int total(int input, int kernel, int stride, int dilation) {
    int reach = dilation * (kernel - 1);
    return switch (mode) {
      case EXPLICIT -> before + after;
      case SAME -> reach;
      case TF_SAME -> Math.max(((input + stride - 1) / stride - 1) * stride + reach + 1 - input, 0);
    };
  }

  /**
   * Returns the number of window positions, {@code floor((input + total - dilation·(kernel - 1) -
   * 1) / stride) + 1}; throws where it is below 1.
   *
   * @param op the name for messages
   */
  public int output(String op, int input, int kernel, int stride, int dilation) {
    if (kernel < 1) {
      throw new ShapeException(op + ": the kernel must be at least 1 long, got " + kernel);
    }
    int room = input + total(input, kernel, stride, dilation) - dilation * (kernel - 1) - 1;
    if (room < 0) {
      throw new ShapeException(
          "%s: no window of kernel %d and dilation %d fits an axis of %d with padding %s; pad more"
              .formatted(op, kernel, dilation, input, this));
    }
    return room / stride + 1;
  }

  @Override
  public String toString() {
    return switch (mode) {
      case EXPLICIT -> before == after ? String.valueOf(before) : before + "+" + after;
      case SAME -> "same";
      case TF_SAME -> "tf_same";
    };
  }
}
