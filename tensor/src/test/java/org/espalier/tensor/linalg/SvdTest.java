package org.espalier.tensor.linalg;

import static org.espalier.tensor.linalg.TestMatrices.assertClose;
import static org.espalier.tensor.linalg.TestMatrices.assertDescending;
import static org.espalier.tensor.linalg.TestMatrices.assertOrthonormalColumns;
import static org.espalier.tensor.linalg.TestMatrices.assertSignConvention;
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

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.ejml.dense.row.SingularOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;
import org.ejml.interfaces.decomposition.SingularValueDecomposition_F64;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SvdTest {
  private static void assertDecomposes(Tensor a) {
    Svd svd = Svd.of(a);
    int k = Math.min(a.shape().size(0), a.shape().size(1));
    assertEquals(Shape.of(a.shape().size(0), k), svd.u().shape());
    assertEquals(Shape.of(k), svd.singularValues().shape());
    assertEquals(Shape.of(a.shape().size(1), k), svd.v().shape());
    assertOrthonormalColumns(svd.u());
    assertOrthonormalColumns(svd.v());
    assertDescending(svd.singularValues());
    assertTrue(svd.singularValues().get(k - 1) >= 0);
    assertSignConvention(svd.u());
    double size = Math.max(a.shape().size(0), a.shape().size(1));
    assertClose(a, svd.reconstruct(), 1e-14 * size * largest(a));
  }

  private static double[] ejmlSingularValues(Tensor a) {
    SingularValueDecomposition_F64<org.ejml.data.DMatrixRMaj> svd =
        DecompositionFactory_DDRM.svd(a.shape().size(0), a.shape().size(1), false, false, true);
    assertTrue(svd.decompose(TestMatrices.ejml(a)));
    double[] values = svd.getSingularValues().clone();
    SingularOps_DDRM.descendingOrder(
        null, false, values, svd.numberOfSingularValues(), null, false);
    return Arrays.copyOf(values, svd.numberOfSingularValues());
  }

  @Property(tries = 60)
  void decomposesMatricesOfEveryShape(
      @ForAll @IntRange(min = 1, max = 40) int m,
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll long seed) {
    assertDecomposes(random(m, n, seed));
  }

  @Property(tries = 40)
  void decomposesRankDeficientMatricesAndFindsTheirRank(
      @ForAll @IntRange(min = 1, max = 40) int m,
      @ForAll @IntRange(min = 1, max = 40) int n,
      @ForAll @IntRange(min = 1, max = 6) int rank,
      @ForAll long seed) {
    Tensor a = ofRank(m, n, rank, seed);
    assertDecomposes(a);
    Svd svd = Svd.of(a);
    int expected = Math.min(rank, Math.min(m, n));
    assertTrue(svd.rank(1e-10 * svd.singularValues().get(0)) <= expected);
    assertTrue(svd.energyShare(expected) > 1 - 1e-14);
  }

  @ParameterizedTest
  @CsvSource({"64, 576", "576, 64", "65, 65", "33, 200", "97, 31", "130, 129"})
  void crossesBlockBordersAndAgreesWithEjml(int m, int n) {
    Tensor a = random(m, n, 7);
    assertDecomposes(a);
    double[] expected = ejmlSingularValues(a);
    double[] actual = Svd.of(a).singularValues().toDoubles();
    assertEquals(expected.length, actual.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], actual[i], 1e-10 * expected[i], "singular value " + i);
    }
  }

  @Property(tries = 40)
  void singularValuesAgreeWithEjml(
      @ForAll @IntRange(min = 1, max = 30) int m,
      @ForAll @IntRange(min = 1, max = 30) int n,
      @ForAll long seed) {
    Tensor a = random(m, n, seed);
    double[] expected = ejmlSingularValues(a);
    assertArrayEquals(expected, Svd.of(a).singularValues().toDoubles(), 1e-12 * expected[0]);
  }

  @Property(tries = 30)
  void valuesAloneAreTheSame(
      @ForAll @IntRange(min = 1, max = 30) int m,
      @ForAll @IntRange(min = 1, max = 30) int n,
      @ForAll long seed) {
    Tensor a = random(m, n, seed);
    Tensor expected = Svd.of(a).singularValues();
    assertClose(expected, Svd.singularValuesOf(a), 1e-14 * m * n);
  }

  @Property(tries = 30)
  void transposingExchangesTheVectors(
      @ForAll @IntRange(min = 1, max = 20) int m,
      @ForAll @IntRange(min = 1, max = 20) int n,
      @ForAll long seed) {
    Tensor a = random(m, n, seed);
    Svd svd = Svd.of(a);
    Svd turned = Svd.of(transpose(a));
    assertClose(svd.singularValues(), turned.singularValues(), 1e-12);
    assertClose(a, transpose(turned.reconstruct()), 1e-12);
  }

  @Property(tries = 30)
  void scalingByAPowerOfTwoScalesTheValuesExactly(
      @ForAll @IntRange(min = 1, max = 12) int n,
      @ForAll @IntRange(min = -900, max = 900) int exponent,
      @ForAll long seed) {
    Tensor a = random(n, n + 3, seed);
    Svd expected = Svd.of(a);
    Svd scaled = Svd.of(times(a, Math.scalb(1.0, exponent)));
    assertTrue(
        times(expected.singularValues(), Math.scalb(1.0, exponent))
            .bitEquals(scaled.singularValues()));
    assertTrue(expected.u().bitEquals(scaled.u()));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-200, 1e200, 1e-300, 1e300})
  void keepsItsAccuracyAtExtremeNorms(double norm) {
    Tensor a = random(20, 9, 3);
    Tensor expected = times(Svd.of(a).singularValues(), norm);
    Svd svd = Svd.of(times(a, norm));
    assertClose(expected, svd.singularValues(), 1e-13 * norm);
    assertOrthonormalColumns(svd.u());
  }

  @Test
  void takesSubnormalEntries() {
    Svd svd = Svd.of(matrix(2, 2, 0, Double.MIN_VALUE, 2 * Double.MIN_VALUE, 0));
    assertArrayEquals(
        new double[] {2 * Double.MIN_VALUE, Double.MIN_VALUE}, svd.singularValues().toDoubles());
  }

  @Test
  void columnsOfVeryDifferentNormsStayOrthonormal() {
    Tensor a = random(12, 5, 11);
    for (int i = 0; i < 12; i++) {
      for (int j = 0; j < 5; j++) {
        a.set(i * 5 + j, a.get(i * 5 + j) * Math.pow(10, -75 * j));
      }
    }
    assertDecomposes(a);
    assertDecomposes(transpose(a));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradedBidiagonalMatricesKeepRelativeAccuracy(boolean upwards) {
    int n = 24;
    double[] d = new double[n];
    double[] e = new double[n];
    for (int i = 0; i < n; i++) {
      d[i] = Math.pow(10, upwards ? i - n + 1 : -i);
      e[i] = d[i];
    }
    double determinant = 0;
    for (double entry : d) {
      determinant += Math.log(entry);
    }
    BidiagonalQr.diagonalize(d, e, null, null, "[24, 24]");
    double product = 0;
    for (double value : d) {
      product += Math.log(value);
    }
    assertEquals(determinant, product, 1e-11);
    assertTrue(Arrays.stream(d).min().getAsDouble() > 1e-25);
  }

  @Test
  void tinyValuesOfABidiagonalMatrixKeepRelativeAccuracy() {
    double[] d = new double[10];
    double[] e = new double[10];
    Arrays.fill(d, 1);
    Arrays.fill(e, 1e8);
    BidiagonalQr.diagonalize(d, e, null, null, "[10, 10]");
    // The determinant is 1, so the smallest value must undo the nine large ones: about 1e-72.
    double product = 1;
    for (double value : d) {
      product *= value;
    }
    assertEquals(1, product, 1e-12);
  }

  @Test
  void zerosAtBothEndsOfABidiagonalMatrixConverge() {
    double[] d = {0, 1, 0};
    double[] e = {1, 1, 0};
    BidiagonalQr.diagonalize(d, e, null, null, "[3, 3]");
    Arrays.sort(d);
    double root = Math.sqrt(5);
    assertArrayEquals(new double[] {0, (root - 1) / 2, (root + 1) / 2}, d, 1e-14);
  }

  @Test
  void zeroMatrixHasUnitVectorsAndNoRank() {
    assertTrue(Svd.of(matrix(3, 5, new double[15])).rank() == 0);
    Svd svd = Svd.of(Tensor.zeros(DType.F64, Shape.of(40, 7)));
    assertOrthonormalColumns(svd.u());
    assertOrthonormalColumns(svd.v());
    assertEquals(0, largest(svd.singularValues()));
    assertEquals(1, svd.energyShare(0));
    assertEquals(0, largest(svd.pseudoInverse()));
  }

  @Test
  void repeatedSingularValuesHaveOrthonormalVectors() {
    assertDecomposes(times(TestMatrices.identity(37), 3));
    Tensor q = Qr.of(random(60, 20, 5)).q();
    assertDecomposes(q);
    assertClose(Tensor.full(DType.F64, Shape.of(20), 1), Svd.of(q).singularValues(), 1e-13);
    assertDecomposes(Tensor.full(DType.F64, Shape.of(33, 33), 0.1));
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 9", "9, 1", "2, 1"})
  void rowsAndColumnsAreNormalised(int m, int n) {
    Tensor a = times(random(m, n, 2), -5);
    assertDecomposes(a);
    double square = 0;
    for (double value : a.toDoubles()) {
      square += value * value;
    }
    assertEquals(Math.sqrt(square), Svd.of(a).singularValues().item(), 1e-14);
  }

  @Test
  void float32InputGivesTheResultOfItsWidening() {
    Tensor a = random(9, 14, 4).to(DType.F32);
    Svd svd = Svd.of(a);
    assertEquals(DType.F64, svd.u().dtype());
    assertTrue(Svd.of(a.to(DType.F64)).v().bitEquals(svd.v()));
  }

  @Test
  void doesNotModifyItsInput() {
    Tensor a = random(9, 14, 4);
    Tensor before = a.copy();
    Svd.of(a);
    assertTrue(before.bitEquals(a));
  }

  @Test
  void truncationIsTheBestApproximationOfItsRank() {
    Tensor a = random(15, 30, 8);
    Svd svd = Svd.of(a);
    Svd cut = svd.truncate(4);
    assertEquals(Shape.of(15, 4), cut.u().shape());
    assertEquals(Shape.of(30, 4), cut.v().shape());
    Tensor rest = plus(a, cut.reconstruct(), -1);
    assertEquals(svd.singularValues().get(4), Svd.of(rest).singularValues().get(0), 1e-13);
    assertEquals(svd.energy() - cut.energy(), Svd.of(rest).energy(), 1e-11);
  }

  @Test
  void energyIsTheSquareOfTheFrobeniusNorm() {
    Svd svd = Svd.of(matrix(2, 2, 3, 0, 0, -4));
    assertEquals(25, svd.energy(), 1e-13);
    assertEquals(16.0 / 25, svd.energyShare(1), 1e-15);
    assertEquals(1, svd.rankForEnergy(0.63));
    assertEquals(2, svd.rankForEnergy(0.65));
    assertEquals(2, svd.rankForEnergy(1));
    assertEquals(1, svd.rankForEnergy(0));
  }

  @Test
  void rankCountsValuesStrictlyAboveTheTolerance() {
    Svd svd = Svd.of(matrix(2, 3, 2, 0, 0, 0, 0.5, 0));
    assertEquals(2, svd.rank());
    assertEquals(1, svd.rank(0.5));
    assertEquals(2, svd.rank(0.49));
    assertEquals(0, svd.rank(2));
    assertThrows(IllegalArgumentException.class, () -> svd.rank(Double.NaN));
  }

  @Test
  void pseudoInverseMeetsThePenroseConditions() {
    Tensor a = ofRank(9, 6, 3, 21);
    Tensor inverse = Svd.of(a).pseudoInverse();
    assertEquals(Shape.of(6, 9), inverse.shape());
    Tensor left = multiply(a, inverse);
    Tensor right = multiply(inverse, a);
    assertClose(a, multiply(left, a), 1e-12);
    assertClose(inverse, multiply(right, inverse), 1e-12);
    assertClose(left, transpose(left), 1e-12);
    assertClose(right, transpose(right), 1e-12);
  }

  @Test
  void refusesWhatItCannotDecompose() {
    assertThrows(ShapeException.class, () -> Svd.of(Tensor.zeros(0, 3)));
    assertThrows(ShapeException.class, () -> Svd.of(Tensor.zeros(2, 3, 4)));
    assertThrows(DTypeException.class, () -> Svd.of(Tensor.indices(1).reshape(1, 1)));
    for (double bad : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> Svd.of(matrix(2, 2, 1, 2, bad, 3)));
      assertTrue(error.getMessage().contains("[1, 0] of [2, 2] is " + bad), error::getMessage);
    }
    assertThrows(IllegalArgumentException.class, () -> Svd.of(random(3, 3, 1)).truncate(4));
    assertThrows(IllegalArgumentException.class, () -> Svd.of(random(3, 3, 1)).truncate(0));
    assertThrows(
        ArithmeticException.class,
        () -> Svd.of(Tensor.full(DType.F64, Shape.of(4, 4), Double.MAX_VALUE)));
  }

  @Test
  void sweepsThatDoNotConvergeEndWithAnErrorNamingTheMatrix() {
    double[] d = {1, Double.NaN, 1};
    double[] e = {1, 1, 0};
    StateException error =
        assertThrows(
            StateException.class, () -> BidiagonalQr.diagonalize(d, e, null, null, "[3, 8]"));
    assertTrue(error.getMessage().contains("[3, 8]"), error::getMessage);
  }
}
