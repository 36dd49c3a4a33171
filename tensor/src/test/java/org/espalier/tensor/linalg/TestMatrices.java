package org.espalier.tensor.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.ejml.data.DMatrixRMaj;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Makes the matrices of these tests and measures their factors, in the plainest loops. */
final class TestMatrices {
  private TestMatrices() {}

  static Tensor matrix(int m, int n, double... values) {
    return Tensor.of(Shape.of(m, n), values);
  }

  static Tensor random(int m, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return matrix(m, n, random.doubles((long) m * n, -1, 1).toArray());
  }

  /** A matrix of rank r: the product of two random ones. */
  static Tensor ofRank(int m, int n, int r, long seed) {
    return multiply(random(m, r, seed), random(r, n, seed + 1));
  }

  static Tensor symmetric(int n, long seed) {
    Tensor a = random(n, n, seed);
    return plus(a, transpose(a), 1);
  }

  /** {@code A Aᵀ} with a few more columns than rows: positive definite. */
  static Tensor gram(int n, long seed) {
    Tensor a = random(n, n + 5, seed);
    return multiply(a, transpose(a));
  }

  static Tensor multiply(Tensor a, Tensor b) {
    int m = a.shape().size(0);
    int inner = a.shape().size(1);
    int n = b.shape().size(1);
    double[] c = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < inner; k++) {
          sum += a.get(i * inner + k) * b.get(k * n + j);
        }
        c[i * n + j] = sum;
      }
    }
    return matrix(m, n, c);
  }

  static Tensor transpose(Tensor a) {
    int m = a.shape().size(0);
    int n = a.shape().size(1);
    Tensor result = matrix(n, m, new double[m * n]);
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        result.set(j * m + i, a.get(i * n + j));
      }
    }
    return result;
  }

  static Tensor plus(Tensor a, Tensor b, double factor) {
    Tensor sum = a.copy();
    for (int i = 0; i < sum.count(); i++) {
      sum.set(i, a.get(i) + factor * b.get(i));
    }
    return sum;
  }

  static Tensor times(Tensor a, double factor) {
    Tensor product = a.copy();
    for (int i = 0; i < product.count(); i++) {
      product.set(i, a.get(i) * factor);
    }
    return product;
  }

  static Tensor identity(int n) {
    Tensor identity = matrix(n, n, new double[n * n]);
    for (int i = 0; i < n; i++) {
      identity.set(i * n + i, 1);
    }
    return identity;
  }

  static double largest(Tensor a) {
    double largest = 0;
    for (double value : a.toDoubles()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  static DMatrixRMaj ejml(Tensor a) {
    return new DMatrixRMaj(a.shape().size(0), a.shape().size(1), true, a.toDoubles());
  }

  static void assertOrthonormalColumns(Tensor q) {
    int m = q.shape().size(0);
    int n = q.shape().size(1);
    assertClose(identity(n), multiply(transpose(q), q), 1e-12 * m);
  }

  static void assertClose(Tensor expected, Tensor actual, double tolerance) {
    assertEquals(expected.shape(), actual.shape());
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance, "element " + i);
    }
  }

  static void assertDescending(Tensor values) {
    for (int i = 1; i < values.count(); i++) {
      assertTrue(values.get(i - 1) >= values.get(i), "value " + i + " of " + values);
    }
  }

  /** The entry of largest magnitude of every column must be positive. */
  static void assertSignConvention(Tensor vectors) {
    int m = vectors.shape().size(0);
    int n = vectors.shape().size(1);
    for (int j = 0; j < n; j++) {
      double leading = 0;
      for (int i = 0; i < m; i++) {
        double entry = vectors.get(i * n + j);
        if (Math.abs(entry) > Math.abs(leading) * (1 + 1e-9)) {
          leading = entry;
        }
      }
      assertTrue(leading > 0, "column " + j + " has leading entry " + leading);
    }
  }
}
