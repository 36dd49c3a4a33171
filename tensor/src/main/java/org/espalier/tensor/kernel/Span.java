package org.espalier.tensor.kernel;

import org.espalier.tensor.Shape;

/**
 * Views a tensor as three axes {@code [outer, middle, inner]}, where {@code middle} is the one
 * reduced, broadcast over or indexed; a companion vector has the shape {@code [outer, inner]}.
 *
 * <p>Batch norm reads {@code [1, n·h·w, c]}, layer norm {@code [rows, features, 1]}, instance norm
 * {@code [n, h·w, c]}, softmax over the last axis {@code [rows, classes, 1]}.
 *
 * @param outer product of the sizes before
 * @param middle size of the axis that is reduced, broadcast over or indexed
 * @param inner product of the sizes behind
 */
public record Span(int outer, int middle, int inner) {
  /**
   * Returns the view in which axes {@code from} (inclusive) to {@code to} (exclusive) are the
   * middle.
   */
  public static Span of(Shape shape, int from, int to) {
    return new Span(shape.count(0, from), shape.count(from, to), shape.count(to, shape.rank()));
  }

  /** Returns the view whose companion vector belongs to the last axis. */
  public static Span channels(Shape shape) {
    int channels = shape.size(-1);
    return new Span(1, channels == 0 ? 0 : shape.count() / channels, channels);
  }

  /** Returns the view of two tensors of equal shape: nothing is broadcast. */
  public static Span equal(Shape shape) {
    return new Span(1, 1, shape.count());
  }

  /** Returns the number of elements of the viewed tensor. */
  public int count() {
    return outer * middle * inner;
  }

  /** Returns the number of elements of the companion vector. */
  public int companion() {
    return outer * inner;
  }
}
