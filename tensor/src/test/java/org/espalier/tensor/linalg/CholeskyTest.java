package org.espalier.tensor.linalg;

import static org.espalier.tensor.linalg.TestMatrices.assertClose;
import static org.espalier.tensor.linalg.TestMatrices.gram;
import static org.espalier.tensor.linalg.TestMatrices.identity;
import static org.espalier.tensor.linalg.TestMatrices.largest;
import static org.espalier.tensor.linalg.TestMatrices.matrix;
import static org.espalier.tensor.linalg.TestMatrices.multiply;
import static org.espalier.tensor.linalg.TestMatrices.random;
import static org.espalier.tensor.linalg.TestMatrices.times;
import static org.espalier.tensor.linalg.TestMatrices.transpose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.CholeskyDecomposition_F64;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CholeskyTest {
  private static void assertFactors(Tensor a) {
    int n = a.shape().size(0);
    Tensor lower = Cholesky.of(a).lower();
    assertClose(a, multiply(lower, transpose(lower)), 1e-14 * n * largest(a));
    for (int i = 0; i < n; i++) {
      assertTrue(lower.get(i * n + i) > 0);
      for (int j = i + 1; j < n; j++) {
        assertEquals(0, lower.get(i * n + j));
      }
    }
  }

  @Property(tries = 40)
  void factorsPositiveDefiniteMatricesAsEjmlDoes(
      @ForAll @IntRange(min = 1, max = 70) int n, @ForAll long seed) {
    Tensor a = gram(n, seed);
    assertFactors(a);
    CholeskyDecomposition_F64<DMatrixRMaj> ejml = DecompositionFactory_DDRM.chol(n, true);
    assertTrue(ejml.decompose(TestMatrices.ejml(a)));
    assertClose(matrix(n, n, ejml.getT(null).data), Cholesky.of(a).lower(), 1e-9 * largest(a));
  }

  @ParameterizedTest
  @ValueSource(ints = {31, 32, 33, 64, 97, 160})
  void crossesBandBorders(int n) {
    assertFactors(gram(n, n));
  }

  @Property(tries = 20)
  void solvesAndInverts(@ForAll @IntRange(min = 1, max = 40) int n, @ForAll long seed) {
    Tensor a = gram(n, seed);
    for (int i = 0; i < n; i++) {
      a.set(i * n + i, a.get(i * n + i) + 1);
    }
    Cholesky cholesky = Cholesky.of(a);
    Tensor b = random(n, 4, seed + 1);
    assertClose(b, multiply(a, cholesky.solve(b)), 1e-11 * n);
    Tensor inverse = cholesky.inverse();
    assertClose(identity(n), multiply(a, inverse), 1e-11 * n);
    assertTrue(transpose(inverse).bitEquals(inverse));
  }

  @Test
  void oneRightHandSideKeepsItsOneAxis() {
    Tensor x = Cholesky.of(matrix(2, 2, 4, 0, 0, 9)).solve(Tensor.of(Shape.of(2), 8.0, 9.0));
    assertEquals(Shape.of(2), x.shape());
    assertArrayEquals(new double[] {2, 1}, x.toDoubles(), 1e-15);
    assertThrows(ShapeException.class, () -> Cholesky.of(matrix(1, 1, 2)).solve(Tensor.zeros(2)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 32, 40})
  void namesTheFirstPivotThatIsNotPositive(int pivot) {
    Tensor a = identity(41);
    a.set(pivot * 41 + pivot, -0.5);
    NotPositiveDefiniteException error =
        assertThrows(NotPositiveDefiniteException.class, () -> Cholesky.of(a));
    assertEquals(pivot, error.pivot());
    assertTrue(error.getMessage().contains("pivot " + pivot + " is -0.5"), error::getMessage);
  }

  @Test
  void refusesSingularAndZeroMatrices() {
    assertEquals(
        1,
        assertThrows(
                NotPositiveDefiniteException.class, () -> Cholesky.of(matrix(2, 2, 1, 1, 1, 1)))
            .pivot());
    assertThrows(
        NotPositiveDefiniteException.class, () -> Cholesky.of(matrix(2, 2, new double[4])));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1e200, 1e-300, 1e300, 0x1p-1000, 0x1p999})
  void keepsItsAccuracyAtExtremeNorms(double norm) {
    Tensor a = gram(12, 5);
    Tensor expected = times(Cholesky.of(a).lower(), Math.sqrt(norm));
    assertClose(expected, Cholesky.of(times(a, norm)).lower(), 1e-13 * Math.sqrt(norm));
  }

  @Test
  void takesFloat32WithItsRounding() {
    Tensor a = matrix(2, 2, 2, 0.5, 0.5f + 1e-7, 1).to(DType.F32);
    assertEquals(Math.sqrt(2), Cholesky.of(a).lower().get(0), 1e-15);
  }

  @Test
  void refusesWhatItCannotFactor() {
    assertThrows(ShapeException.class, () -> Cholesky.of(random(2, 3, 1)));
    assertThrows(IllegalArgumentException.class, () -> Cholesky.of(matrix(2, 2, 1, 0.5, 0.4, 1)));
    assertThrows(IllegalArgumentException.class, () -> Cholesky.of(matrix(1, 1, Double.NaN)));
  }
}
