package org.espalier.sparse.mask;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Stores a sparse weight by compressed sparse rows: of each index of axis 0 the values that are not
 * zero and their places in the flattened rest (SCL, 2.9; a convolution's row is {@code [kh, kw,
 * in]}, channels last).
 */
public final class Csr {
  /** The density from which on the dense form is the better one (SCL, 2.9). */
  public static final double DENSE_FROM = 0.3;

  private final Shape shape;
  private final int[] rows;
  private final int[] columns;
  private final float[] values;

  private Csr(Shape shape, int[] rows, int[] columns, float[] values) {
    this.shape = shape;
    this.rows = rows;
    this.columns = columns;
    this.values = values;
  }

  /** Returns the sparse form of a float32 tensor of at least one axis. */
  public static Csr of(Tensor dense) {
    float[] from = dense.f32();
    int height = dense.shape().size(0);
    int width = height == 0 ? 0 : from.length / height;
    int count = 0;
    for (float value : from) {
      count += value != 0 ? 1 : 0;
    }
    int[] rows = new int[height + 1];
    int[] columns = new int[count];
    float[] values = new float[count];
    int next = 0;
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        float value = from[row * width + column];
        if (value != 0) {
          columns[next] = column;
          values[next++] = value;
        }
      }
      rows[row + 1] = next;
    }
    return new Csr(dense.shape(), rows, columns, values);
  }

  /** Returns the dense tensor. */
  public Tensor dense() {
    Tensor dense = Tensor.zeros(DType.F32, shape);
    int height = rows.length - 1;
    int width = height == 0 ? 0 : dense.count() / height;
    for (int row = 0; row < height; row++) {
      for (int k = rows[row]; k < rows[row + 1]; k++) {
        dense.f32()[row * width + columns[k]] = values[k];
      }
    }
    return dense;
  }

  /** Returns the number of stored values. */
  public int nonZeros() {
    return values.length;
  }

  /** Returns the share of all values that is stored. */
  public double density() {
    return (double) values.length / Math.max(1, shape.count());
  }

  /** Tells whether this form is worth taking: below a density of 0.3. */
  public boolean isWorthwhile() {
    return density() < DENSE_FROM;
  }

  /** Returns the bytes of values and places, four each. */
  public long bytes() {
    return 4L * (values.length + columns.length + rows.length);
  }

  /** Returns {@code y = W·x} for a vector as long as a row of the flattened weight. */
  public float[] times(float... x) {
    int width = rows.length == 1 ? 0 : shape.count() / (rows.length - 1);
    if (x.length != width) {
      throw new IllegalArgumentException(
          "csr: a vector of %d does not fit %s, whose rows are %d long"
              .formatted(x.length, shape, width));
    }
    float[] y = new float[rows.length - 1];
    for (int row = 0; row < y.length; row++) {
      float sum = 0;
      for (int k = rows[row]; k < rows[row + 1]; k++) {
        sum = Math.fma(values[k], x[columns[k]], sum);
      }
      y[row] = sum;
    }
    return y;
  }
}
