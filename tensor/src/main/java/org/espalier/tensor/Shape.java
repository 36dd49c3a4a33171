package org.espalier.tensor;

import java.util.Arrays;

/**
 * Holds the immutable sizes of a tensor, outermost axis first; prints as {@code [32, 8, 8, 3]}.
 *
 * <p>Sizes may be zero (an empty tensor), never negative; a scalar has no axes. The element count
 * must fit an {@code int}, because one tensor is one Java array.
 */
public final class Shape {
  private static final Shape SCALAR = new Shape(new int[0]);

  private final int[] sizes;
  private final int count;

  private Shape(int[] sizes) {
    long product = 1;
    for (int size : sizes) {
      if (size < 0) {
        throw new ShapeException(
            "shape: size " + size + " is negative in " + Arrays.toString(sizes));
      }
      product = Math.multiplyExact(product, (long) size);
      if (product > Integer.MAX_VALUE - 8) {
        throw new ShapeException(
            "shape: "
                + Arrays.toString(sizes)
                + " has more elements than one array can hold (2^31 - 9)");
      }
    }
    this.sizes = sizes;
    this.count = (int) product;
  }

  /** Returns the shape with these sizes, outermost first. */
  public static Shape of(int... sizes) {
    return sizes.length == 0 ? SCALAR : new Shape(sizes.clone());
  }

  /** Returns the shape without axes, of one element. */
  public static Shape scalar() {
    return SCALAR;
  }

  /** Returns the number of axes. */
  public int rank() {
    return sizes.length;
  }

  /** Returns the size of an axis; negative axes count from the end (-1 is the innermost). */
  public int size(int axis) {
    return sizes[axis(axis)];
  }

  /** Returns the axis number for one that may count from the end. */
  public int axis(int axis) {
    int normal = axis < 0 ? axis + sizes.length : axis;
    if (normal < 0 || normal >= sizes.length) {
      throw new ShapeException("shape: axis " + axis + " does not exist in " + this);
    }
    return normal;
  }

  /** Returns the number of elements, the product of all sizes. */
  public int count() {
    return count;
  }

  /**
   * Returns the product of the sizes of axes {@code from} (inclusive) to {@code to} (exclusive).
   */
  public int count(int from, int to) {
    int product = 1;
    for (int axis = from; axis < to; axis++) {
      product *= sizes[axis];
    }
    return product;
  }

  /** Returns a copy of the sizes. */
  public int[] sizes() {
    return sizes.clone();
  }

  /** Returns this shape with one axis resized. */
  public Shape with(int axis, int size) {
    int[] changed = sizes.clone();
    changed[axis(axis)] = size;
    return new Shape(changed);
  }

  /**
   * Returns the shape of {@code samples} tensors of this shape stacked, the batch axis in front.
   */
  public Shape batched(int samples) {
    int[] stacked = new int[sizes.length + 1];
    stacked[0] = samples;
    System.arraycopy(sizes, 0, stacked, 1, sizes.length);
    return new Shape(stacked);
  }

  /** Returns the shape of one sample of a batch: all axes but the first. */
  public Shape sample() {
    return new Shape(Arrays.copyOfRange(sizes, 1, Math.max(1, sizes.length)));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(sizes, shape.sizes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sizes);
  }

  @Override
  public String toString() {
    return Arrays.toString(sizes);
  }
}
