package org.espalier.autograd.op;

import org.espalier.tensor.ShapeException;

/** Says where the pooling windows of one axis lie (layers reference, section 5). */
public sealed interface PoolWindow permits PoolWindow.Fixed, PoolWindow.Adaptive {
  /** Returns the number of windows along an axis of {@code input} elements; throws if below 1. */
  int output(String op, int input);

  /** Returns the first real element of window {@code i}. */
  int start(int i, int input);

  /** Returns the end (exclusive) of window {@code i} among the real elements. */
  int end(int i, int input);

  /** Returns by how much an average over window {@code i} divides. */
  int count(int i, int input);

  /** Returns the distance of two elements of a window. */
  int step();

  /** Returns the number of elements of a window, 1 where it varies. */
  int length();

  /**
   * Windows of one size at equal distances.
   *
   * @param kernel elements a window
   * @param stride distance of two windows
   * @param padding elements in front and behind that no maximum ever chooses and an average counts
   *     as 0
   * @param dilation distance of two elements of a window
   * @param ceilMode whether a last window that hangs over the end is kept, unless it would begin in
   *     the padding behind
   * @param countIncludePad whether an average divides by padding too
   */
  record Fixed(
      int kernel, int stride, int padding, int dilation, boolean ceilMode, boolean countIncludePad)
      implements PoolWindow {
    /** Creates the windows; padding may be half the kernel at most. */
    public Fixed {
      if (kernel < 1 || stride < 1 || dilation < 1) {
        throw new IllegalArgumentException(
            "pool: kernel, stride and dilation must be positive, got %d, %d, %d"
                .formatted(kernel, stride, dilation));
      }
      if (padding < 0 || padding > kernel / 2) {
        throw new IllegalArgumentException(
            "pool: padding must lie between 0 and half the kernel %d, got %d"
                .formatted(kernel, padding));
      }
    }

    private int first(int i) {
      return i * stride - padding;
    }

    private int reach() {
      return dilation * (kernel - 1) + 1;
    }

    @Override
    public int output(String op, int input) {
      int room = input + 2 * padding - reach();
      if (room < 0) {
        throw new ShapeException(
            "%s: no window of kernel %d and dilation %d fits an axis of %d with padding %d"
                .formatted(op, kernel, dilation, input, padding));
      }
      int windows = (ceilMode ? (room + stride - 1) / stride : room / stride) + 1;
      return ceilMode && (windows - 1) * stride >= input + padding ? windows - 1 : windows;
    }

    @Override
    public int start(int i, int input) {
      int first = first(i);
      return first >= 0 ? first : first + (-first + dilation - 1) / dilation * dilation;
    }

    @Override
    public int end(int i, int input) {
      return Math.min(first(i) + reach(), input);
    }

    @Override
    public int count(int i, int input) {
      return countIncludePad
          ? Math.min(first(i) + kernel, input + padding) - first(i)
          : end(i, input) - start(i, input);
    }

    @Override
    public int step() {
      return dilation;
    }

    @Override
    public int length() {
      return kernel;
    }
  }

  /**
   * As many windows as wanted, {@code [floor(i·input/size), ceil((i + 1)·input/size))}; they may
   * overlap.
   *
   * @param size the number of windows
   */
  record Adaptive(int size) implements PoolWindow {
    /** Creates the windows. */
    public Adaptive {
      if (size < 1) {
        throw new IllegalArgumentException(
            "adaptive pool: the output size must be positive, got " + size);
      }
    }

    @Override
    public int output(String op, int input) {
      return size;
    }

    @Override
    public int start(int i, int input) {
      return (int) ((long) i * input / size);
    }

    @Override
    public int end(int i, int input) {
      return (int) (((i + 1L) * input + size - 1) / size);
    }

    @Override
    public int count(int i, int input) {
      return end(i, input) - start(i, input);
    }

    @Override
    public int step() {
      return 1;
    }

    @Override
    public int length() {
      return 1;
    }
  }
}
