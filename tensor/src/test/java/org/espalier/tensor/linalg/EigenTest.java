package org.espalier.tensor.linalg;

import static org.espalier.tensor.linalg.TestMatrices.assertClose;
import static org.espalier.tensor.linalg.TestMatrices.assertDescending;
import static org.espalier.tensor.linalg.TestMatrices.assertOrthonormalColumns;
import static org.espalier.tensor.linalg.TestMatrices.assertSignConvention;
import static org.espalier.tensor.linalg.TestMatrices.gram;
import static org.espalier.tensor.linalg.TestMatrices.identity;
import static org.espalier.tensor.linalg.TestMatrices.largest;
import static org.espalier.tensor.linalg.TestMatrices.matrix;
import static org.espalier.tensor.linalg.TestMatrices.multiply;
import static org.espalier.tensor.linalg.TestMatrices.plus;
import static org.espalier.tensor.linalg.TestMatrices.random;
import static org.espalier.tensor.linalg.TestMatrices.symmetric;
import static org.espalier.tensor.linalg.TestMatrices.times;
import static org.espalier.tensor.linalg.TestMatrices.transpose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.EigenDecomposition_F64;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EigenTest {
  private static void assertDecomposes(Tensor a) {
    int n = a.shape().size(0);
    Eigen eigen = Eigen.of(a);
    assertEquals(Shape.of(n), eigen.values().shape());
    assertOrthonormalColumns(eigen.vectors());
    assertDescending(eigen.values());
    assertSignConvention(eigen.vectors());
    assertClose(a, eigen.reconstruct(), 1e-14 * n * largest(a));
  }

  private static double[] ejmlValues(Tensor a) {
    int n = a.shape().size(0);
    EigenDecomposition_F64<DMatrixRMaj> eigen = DecompositionFactory_DDRM.eig(n, false, true);
    assertTrue(eigen.decompose(TestMatrices.ejml(a)));
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = -eigen.getEigenvalue(i).getReal();
    }
    Arrays.sort(values);
    return Arrays.stream(values).map(value -> -value).toArray();
  }

  @Property(tries = 60)
  void decomposesSymmetricMatricesAndAgreesWithEjml(
      @ForAll @IntRange(min = 1, max = 45) int n, @ForAll long seed) {
    Tensor a = symmetric(n, seed);
    assertDecomposes(a);
    double[] expected = ejmlValues(a);
    assertArrayEquals(expected, Eigen.of(a).values().toDoubles(), 1e-12 * n);
    assertArrayEquals(expected, Eigen.valuesOf(a).toDoubles(), 1e-12 * n);
  }

  @ParameterizedTest
  @ValueSource(ints = {63, 64, 65, 129, 260})
  void crossesBlockBorders(int n) {
    assertDecomposes(symmetric(n, n));
  }

  @Property(tries = 20)
  void eigenvaluesOfAGramMatrixAreSquaredSingularValues(
      @ForAll @IntRange(min = 1, max = 15) int n, @ForAll long seed) {
    Tensor a = random(n, n + 4, seed);
    double[] sigma = Svd.of(a).singularValues().toDoubles();
    double[] squares = Arrays.stream(sigma).map(value -> value * value).toArray();
    assertArrayEquals(
        squares, Eigen.of(multiply(a, transpose(a))).values().toDoubles(), 1e-12 * squares[0]);
  }

  @Property(tries = 20)
  void shiftingTheDiagonalShiftsTheValues(
      @ForAll @IntRange(min = 1, max = 15) int n, @ForAll long seed) {
    Tensor a = symmetric(n, seed);
    Tensor shifted = Eigen.of(plus(a, identity(n), 2.5)).values();
    for (int i = 0; i < n; i++) {
      assertEquals(Eigen.of(a).values().get(i) + 2.5, shifted.get(i), 1e-12);
    }
  }

  @Test
  void knowsTheTextbookValues() {
    Eigen eigen = Eigen.of(matrix(2, 2, 0, 1, 1, 0));
    assertArrayEquals(new double[] {1, -1}, eigen.values().toDoubles(), 1e-15);
    double half = Math.sqrt(0.5);
    assertArrayEquals(new double[] {half, half, half, -half}, eigen.vectors().toDoubles(), 1e-15);
    assertArrayEquals(new double[] {-3}, Eigen.of(matrix(1, 1, -3)).values().toDoubles());
  }

  @Test
  void repeatedAndZeroValuesHaveOrthonormalVectors() {
    assertDecomposes(identity(37));
    assertDecomposes(times(identity(5), -2));
    assertDecomposes(Tensor.full(DType.F64, Shape.of(50, 50), 1));
    Eigen zero = Eigen.of(matrix(4, 4, new double[16]));
    assertEquals(0, largest(zero.values()));
    assertClose(identity(4), zero.vectors(), 0);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradedMatricesConverge(boolean upwards) {
    int n = 30;
    Tensor a = symmetric(n, 9);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        int exponent = upwards ? i + j - 2 * n : -i - j;
        a.set(i * n + j, a.get(i * n + j) * Math.pow(10, exponent));
      }
    }
    assertDecomposes(a);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1e200, 1e-300})
  void keepsItsAccuracyAtExtremeNorms(double norm) {
    Tensor a = gram(12, 5);
    Eigen eigen = Eigen.of(times(a, norm));
    assertClose(times(Eigen.of(a).values(), norm), eigen.values(), 1e-12 * norm);
    assertOrthonormalColumns(eigen.vectors());
  }

  @Test
  void roundingAsymmetryIsAcceptedAndRealAsymmetryRefused() {
    Tensor nearly = matrix(2, 2, 1, 0.5, 0.5f + 1e-7, 2).to(DType.F32);
    assertEquals(2, Eigen.of(nearly).values().count());
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Eigen.of(matrix(2, 2, 1, 0.5, 0.6, 2)));
    assertTrue(error.getMessage().contains("[1, 0] is 0.6"), error::getMessage);
  }

  @Test
  void refusesWhatItCannotDecompose() {
    assertThrows(ShapeException.class, () -> Eigen.of(random(2, 3, 1)));
    assertThrows(ShapeException.class, () -> Eigen.of(Tensor.zeros(0, 0)));
    assertThrows(IllegalArgumentException.class, () -> Eigen.of(matrix(2, 2, 1, 2, 2, Double.NaN)));
  }

  @Test
  void sweepsThatDoNotConvergeEndWithAnErrorNamingTheMatrix() {
    double[] d = {1, Double.NaN, 1};
    double[] e = {1, 1, 0};
    StateException error =
        assertThrows(StateException.class, () -> TridiagonalQr.diagonalize(d, e, null, "[3, 3]"));
    assertTrue(error.getMessage().contains("[3, 3]"), error::getMessage);
  }
}
