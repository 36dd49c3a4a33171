package org.espalier.tensor.linalg;

import static org.espalier.tensor.linalg.TestMatrices.assertClose;
import static org.espalier.tensor.linalg.TestMatrices.assertOrthonormalColumns;
import static org.espalier.tensor.linalg.TestMatrices.largest;
import static org.espalier.tensor.linalg.TestMatrices.matrix;
import static org.espalier.tensor.linalg.TestMatrices.multiply;
import static org.espalier.tensor.linalg.TestMatrices.ofRank;
import static org.espalier.tensor.linalg.TestMatrices.plus;
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
import org.ejml.dense.row.CommonOps_DDRM;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QrTest {
  private static void assertFactors(Tensor a, Qr qr) {
    int m = a.shape().size(0);
    int n = a.shape().size(1);
    int k = Math.min(m, n);
    assertEquals(Shape.of(m, k), qr.q().shape());
    assertEquals(Shape.of(k, n), qr.r().shape());
    assertOrthonormalColumns(qr.q());
    Tensor r = qr.r();
    for (int i = 0; i < k; i++) {
      assertTrue(r.get(i * n + i) >= 0, "diagonal entry " + i);
      for (int j = 0; j < i; j++) {
        assertEquals(0, r.get(i * n + j));
      }
    }
    int[] order = qr.permutation().i32();
    Tensor permuted = a.to(DType.F64).copy();
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        permuted.set(i * n + j, a.get(i * n + order[j]));
      }
    }
    assertClose(permuted, multiply(qr.q(), r), 1e-14 * (m + n) * largest(a));
  }

  @Property(tries = 60)
  void factorsMatricesOfEveryShape(
      @ForAll @IntRange(min = 1, max = 45) int m,
      @ForAll @IntRange(min = 1, max = 45) int n,
      @ForAll long seed) {
    Tensor a = random(m, n, seed);
    assertFactors(a, Qr.of(a));
    assertFactors(a, Qr.pivoted(a));
  }

  @ParameterizedTest
  @CsvSource({"100, 64", "64, 100", "65, 65", "200, 33"})
  void crossesBlockBorders(int m, int n) {
    Tensor a = random(m, n, 3);
    assertFactors(a, Qr.of(a));
    assertFactors(a, Qr.pivoted(a));
  }

  @Test
  void columnsStayInTheirOrderWithoutPivoting() {
    assertArrayEquals(new int[] {0, 1, 2}, Qr.of(random(4, 3, 1)).permutation().i32());
  }

  @Property(tries = 30)
  void pivotedDiagonalDescendsAndRevealsTheRank(
      @ForAll @IntRange(min = 8, max = 30) int m,
      @ForAll @IntRange(min = 8, max = 30) int n,
      @ForAll @IntRange(min = 1, max = 6) int rank,
      @ForAll long seed) {
    Tensor a = ofRank(m, n, rank, seed);
    Qr qr = Qr.pivoted(a);
    assertFactors(a, qr);
    Tensor r = qr.r();
    for (int i = 1; i < Math.min(m, n); i++) {
      assertTrue(r.get(i * n + i) <= r.get((i - 1) * n + i - 1) * (1 + 1e-12) + 1e-13);
    }
    assertTrue(qr.rank(1e-11) <= rank);
    assertTrue(qr.rank(0) >= qr.rank());
  }

  @Test
  void pivotsRightlyWhereDowndatedNormsCancel() {
    Tensor a = matrix(3, 3, 1, 1, 1, 0, 1e-10, 0, 0, 0, 3e-10);
    assertArrayEquals(new int[] {0, 2, 1}, Qr.pivoted(a).permutation().i32());
  }

  @Test
  void rankOfWellSeparatedMatricesIsExact() {
    assertEquals(5, Qr.pivoted(ofRank(30, 20, 5, 77)).rank(1e-11));
    assertEquals(20, Qr.pivoted(random(30, 20, 5)).rank());
    assertEquals(0, Qr.pivoted(matrix(3, 4, new double[12])).rank());
    assertThrows(StateException.class, () -> Qr.of(random(3, 3, 1)).rank());
  }

  @Property(tries = 30)
  void leastSquaresSolutionAgreesWithEjmlAndLeavesAnOrthogonalResidual(
      @ForAll @IntRange(min = 1, max = 12) int n,
      @ForAll @IntRange(min = 3, max = 20) int extra,
      @ForAll long seed) {
    Tensor a = random(n + extra, n, seed);
    Tensor b = random(n + extra, 3, seed + 1);
    DMatrixRMaj expected = new DMatrixRMaj(n, 3);
    assertTrue(CommonOps_DDRM.solve(TestMatrices.ejml(a), TestMatrices.ejml(b), expected));
    Tensor x = Qr.of(a).solve(b);
    double tolerance = 1e-9 * (1 + largest(x));
    assertClose(matrix(n, 3, expected.data), x, tolerance);
    assertClose(x, Qr.pivoted(a).solve(b), tolerance);
    Tensor residual = plus(b, multiply(a, x), -1);
    assertTrue(largest(multiply(transpose(a), residual)) < 1e-11 * (1 + largest(x)));
  }

  @Test
  void oneRightHandSideKeepsItsOneAxis() {
    Tensor x = Qr.of(matrix(3, 2, 1, 0, 0, 2, 0, 0)).solve(Tensor.of(Shape.of(3), 3.0, 8.0, 5.0));
    assertEquals(Shape.of(2), x.shape());
    assertArrayEquals(new double[] {3, 4}, x.toDoubles(), 1e-15);
  }

  @Test
  void rankDeficientSystemsAreRefusedUnlessPivoted() {
    Tensor a = matrix(3, 2, 1, 2, 2, 4, 3, 6);
    Tensor b = Tensor.of(Shape.of(3), 2.0, 4.0, 6.0);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Qr.of(a).solve(b));
    assertTrue(error.getMessage().contains("column 1"), error::getMessage);
    assertArrayEquals(new double[] {0, 1}, Qr.pivoted(a).solve(b).toDoubles(), 1e-14);
    Tensor wide = random(2, 5, 1);
    assertThrows(IllegalArgumentException.class, () -> Qr.of(wide).solve(Tensor.zeros(2)));
    Tensor x = Qr.pivoted(wide).solve(matrix(2, 1, 1, -1));
    assertClose(matrix(2, 1, 1, -1), multiply(wide, x), 1e-13);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1e200, 1e-300, 1e300})
  void keepsItsAccuracyAtExtremeNorms(double norm) {
    Tensor a = times(random(12, 7, 5), norm);
    assertFactors(a, Qr.of(a));
    assertFactors(a, Qr.pivoted(a));
  }

  @Test
  void zeroColumnsAndZeroMatricesHaveOrthonormalQ() {
    Tensor a = matrix(3, 2, 0, 1, 0, 2, 0, 2);
    assertFactors(a, Qr.of(a));
    assertFactors(a, Qr.pivoted(a));
    Tensor zero = matrix(4, 3, new double[12]);
    assertFactors(zero, Qr.of(zero));
    assertFactors(zero, Qr.pivoted(zero));
  }

  @Test
  void refusesWhatItCannotFactor() {
    assertThrows(ShapeException.class, () -> Qr.of(Tensor.zeros(3, 0)));
    assertThrows(ShapeException.class, () -> Qr.pivoted(Tensor.zeros(3)));
    assertThrows(
        IllegalArgumentException.class, () -> Qr.of(matrix(1, 1, Double.POSITIVE_INFINITY)));
    assertThrows(ShapeException.class, () -> Qr.of(random(3, 2, 1)).solve(random(2, 1, 1)));
  }
}
