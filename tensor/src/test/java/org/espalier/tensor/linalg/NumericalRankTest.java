package org.espalier.tensor.linalg;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class NumericalRankTest {
  private static Tensor normal(Random random, int rows, int columns) {
    Tensor matrix = Tensor.zeros(DType.F64, Shape.of(rows, columns));
    for (int i = 0; i < matrix.count(); i++) {
      matrix.set(i, random.normal(i));
    }
    return matrix;
  }

  /** Returns a matrix of the given rank whose entries are small whole numbers. */
  private static Tensor whole(Random random, int rows, int columns, int rank) {
    Tensor matrix = Tensor.zeros(DType.F32, Shape.of(rows, columns));
    for (int term = 0; term < rank; term++) {
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          double left = Math.rint(2 * random.at(term).normal(i));
          double right = Math.rint(2 * random.at(100 + term).normal(j));
          matrix.set(i * columns + j, matrix.get(i * columns + j) + left * right);
        }
      }
    }
    return matrix;
  }

  /** Counts what the decomposition computes. */
  private static int reference(Tensor matrix, double relative) {
    double[] sigma = Svd.singularValuesOf(matrix).toDoubles();
    int rank = 0;
    while (rank < sigma.length && sigma[rank] > relative * sigma[0]) {
      rank++;
    }
    return rank;
  }

  @Property(tries = 150)
  void countsWhatTheDecompositionFindsWhateverTheTolerance(
      @ForAll @IntRange(min = 1, max = 33) int rows,
      @ForAll @IntRange(min = 1, max = 33) int columns,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Random random = Random.of(seed);
    Tensor matrix = normal(random, rows, columns);
    double[] sigma = Svd.singularValuesOf(matrix).toDoubles();
    for (int i = 0; i + 1 < sigma.length; i++) {
      double between = Math.sqrt(sigma[i] * sigma[i + 1]) / sigma[0];
      if (sigma[i] > 1.000001 * sigma[i + 1] && between < 1) {
        assertEquals(i + 1, NumericalRank.of(matrix, between), "of " + sigma.length);
      }
    }
  }

  /** Spectra that fall over sixteen decades, as those of smooth maps do. */
  @Property(tries = 60)
  void countsFallingSpectraWithTheToleranceOfFloat32(
      @ForAll @IntRange(min = 2, max = 32) int size,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Random random = Random.of(seed);
    Tensor left = Qr.of(normal(random.at(0), size, size)).q();
    Tensor right = Qr.of(normal(random.at(1), size, size)).q();
    double[] falling = new double[size];
    int expected = 0;
    for (int i = 0; i < size; i++) {
      falling[i] = Math.pow(10, -random.at(2).uniform(i) * (i == 0 ? 0 : 16));
      double ratio = falling[i] / (size * Math.ulp(1f));
      falling[i] *= Math.abs(ratio - 1) < 1e-3 ? 2 : 1;
      expected += falling[i] > size * Math.ulp(1f) ? 1 : 0;
    }
    Tensor matrix = Matrices.product(left, falling, right);
    assertEquals(expected, NumericalRank.of(matrix));
  }

  @Property(tries = 60)
  void scalingTransposingAndPermutingChangeNothing(
      @ForAll @IntRange(min = 1, max = 12) int rows,
      @ForAll @IntRange(min = 1, max = 12) int columns,
      @ForAll @IntRange(min = 0, max = 6) int terms,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Random random = Random.of(seed);
    Tensor matrix = whole(random, rows, columns, terms);
    int rank = NumericalRank.of(matrix);
    assertTrue(rank <= Math.min(terms, Math.min(rows, columns)));
    int[] order = random.permutation(rows);
    Tensor other = Tensor.zeros(DType.F32, Shape.of(columns, rows));
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        other.set(j * rows + order[i], -0x1p-90 * matrix.get(i * columns + j));
      }
    }
    assertEquals(rank, NumericalRank.of(other));
  }

  /** Maps behind a rectifier have rows and columns of zeros. */
  @Property(tries = 150)
  void rowsAndColumnsOfZerosDoNotCount(
      @ForAll @IntRange(min = 1, max = 12) int rows,
      @ForAll @IntRange(min = 1, max = 12) int columns,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Random random = Random.of(seed);
    Tensor matrix = normal(random, rows, columns);
    int filledRows = 0;
    int filledColumns = 0;
    for (int i = 0; i < rows; i++) {
      filledRows += random.at(1).uniform(i) < 0.5 ? 1 : 0;
    }
    for (int j = 0; j < columns; j++) {
      filledColumns += random.at(2).uniform(j) < 0.5 ? 1 : 0;
    }
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        if (random.at(1).uniform(i) >= 0.5 || random.at(2).uniform(j) >= 0.5) {
          matrix.set(i * columns + j, 0);
        }
      }
    }
    assertEquals(Math.min(filledRows, filledColumns), NumericalRank.of(matrix));
  }

  @Property(tries = 60)
  void theRankOfASumIsAtMostTheSumOfRanks(
      @ForAll @IntRange(min = 1, max = 9) int size,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Random random = Random.of(seed);
    Tensor a = whole(random.at(1), size, size, (int) (seed % 4));
    Tensor b = whole(random.at(2), size, size, (int) (seed % 3));
    Tensor sum = a.copy();
    for (int i = 0; i < sum.count(); i++) {
      sum.set(i, a.get(i) + b.get(i));
    }
    assertTrue(NumericalRank.of(sum) <= NumericalRank.of(a) + NumericalRank.of(b));
  }

  @Test
  void theToleranceOfFloat32IsTheSheets() {
    assertEquals(1, NumericalRank.of(Tensor.of(Shape.of(2, 2), 1f, 0f, 0f, 1e-8f)));
    assertEquals(2, NumericalRank.of(Tensor.of(Shape.of(2, 2), 1f, 0f, 0f, 3e-7f)));
    // Strictly greater: a singular value on the tolerance does not count.
    double edge = 2 * Math.ulp(1f);
    assertEquals(1, NumericalRank.of(Tensor.of(Shape.of(2, 2), 1.0, 0.0, 0.0, edge)));
    assertEquals(2, NumericalRank.of(Tensor.of(Shape.of(2, 2), 1.0, 0.0, 0.0, edge * (1 + 1e-12))));
  }

  @Test
  void zerosSingleRowsAndSingleColumnsNeedNoReduction() {
    assertEquals(0, NumericalRank.of(Tensor.zeros(3, 4)));
    assertEquals(1, NumericalRank.of(Tensor.of(Shape.of(2, 2), 0f, 0f, 5f, 1f)));
    assertEquals(1, NumericalRank.of(Tensor.of(Shape.of(2, 2), 0f, 3f, 0f, 1f)));
    assertEquals(1, NumericalRank.of(Tensor.of(Shape.of(1, 1), -3f)));
    assertEquals(1, NumericalRank.of(Tensor.full(DType.F32, Shape.of(7, 5), 0.1f)));
  }

  @Test
  void channelsOfAnImageAreReadWhereTheyLie() {
    Random random = Random.of(7);
    int height = 6;
    int width = 5;
    int channels = 3;
    Tensor image = Tensor.zeros(height, width, channels);
    for (int c = 0; c < channels; c++) {
      Tensor map = whole(random.at(1000 * c), height, width, c + 1);
      for (int i = 0; i < map.count(); i++) {
        image.set(i * channels + c, map.get(i));
      }
    }
    NumericalRank rank = new NumericalRank(height, width);
    for (int pass = 0; pass < 2; pass++) {
      for (int c = 0; c < channels; c++) {
        Tensor map = Tensor.zeros(height, width);
        for (int i = 0; i < map.count(); i++) {
          map.set(i, image.get(i * channels + c));
        }
        int expected = reference(map, 6 * Math.ulp(1f));
        assertEquals(expected, rank.of(image.f32(), c, width * channels, channels));
        assertEquals(c + 1, expected);
      }
    }
  }

  @Test
  void whatHasNoRankIsRefused() {
    Tensor broken = Tensor.of(Shape.of(2, 2), 1f, Float.NaN, 0f, 1f);
    assertThrows(IllegalArgumentException.class, () -> NumericalRank.of(broken));
    NumericalRank rank = new NumericalRank(2, 2);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> rank.of(new float[] {1, 2, Float.POSITIVE_INFINITY, 4}, 0, 2, 1));
    assertTrue(e.getMessage().contains("[1, 0]"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> new NumericalRank(0, 2));
    assertThrows(IllegalArgumentException.class, () -> new NumericalRank(2, 2, 1e-17));
    assertThrows(IllegalArgumentException.class, () -> new NumericalRank(2, 2, Double.NaN));
  }
}
