package org.espalier.sparse.lowrank;

import org.espalier.nn.Init;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Qr;
import org.espalier.tensor.linalg.Svd;

/** Offers what tests ask of matrices. */
final class Matrix {
  private Matrix() {}

  static Tensor random(long seed, int rows, int columns) {
    Tensor matrix = Tensor.zeros(DType.F64, Shape.of(rows, columns));
    Init.normal(0, 0.5).fill(matrix, Random.of(seed).stream("matrix"));
    return matrix;
  }

  static Tensor lowRank(long seed, int rows, int columns, int rank) {
    return product(random(seed, rows, rank), random(seed + 1, rank, columns));
  }

  static Tensor orthogonal(long seed, int size) {
    return Qr.of(random(seed, size, size)).q();
  }

  static Tensor product(Tensor a, Tensor b) {
    int inner = a.shape().size(1);
    int columns = b.shape().size(1);
    Tensor product = Tensor.zeros(DType.F64, Shape.of(a.shape().size(0), columns));
    for (int i = 0; i < product.count(); i++) {
      double sum = 0;
      for (int k = 0; k < inner; k++) {
        sum += a.get(i / columns * inner + k) * b.get(k * columns + i % columns);
      }
      product.set(i, sum);
    }
    return product;
  }

  static double norm(Tensor values) {
    double sum = 0;
    for (double value : values.toDoubles()) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  static double distance(Tensor a, Tensor b) {
    Tensor difference = Tensor.zeros(DType.F64, a.shape());
    for (int i = 0; i < a.count(); i++) {
      difference.set(i, a.get(i) - b.get(i));
    }
    return norm(difference);
  }

  static double[] sigma(Tensor matrix) {
    return Svd.singularValuesOf(matrix).toDoubles();
  }

  /** Reads a weight as a matrix, one row a filter. */
  static Tensor of(Tensor weight) {
    return weight.reshape(weight.shape().size(0), weight.count() / weight.shape().size(0));
  }
}
