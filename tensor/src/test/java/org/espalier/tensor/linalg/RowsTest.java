package org.espalier.tensor.linalg;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class RowsTest {
  private static double[][] random(int m, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] rows = new double[m][];
    for (int i = 0; i < m; i++) {
      rows[i] = random.doubles(n, -1, 1).toArray();
    }
    return rows;
  }

  @Property(tries = 40)
  void productTouchesItsWindowOnly(
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = 1, max = 70) int inner,
      @ForAll @IntRange(min = 1, max = 260) int width,
      @ForAll long seed) {
    double[][] a = random(height + 2, inner + 3, seed);
    double[][] b = random(inner + 1, width + 4, seed + 1);
    double[][] c = random(height + 5, width + 4, seed + 2);
    double[][] expected = random(height + 5, width + 4, seed + 2);
    for (int i = 0; i < height; i++) {
      for (int j = 2; j < width + 2; j++) {
        for (int k = 0; k < inner; k++) {
          expected[i + 4][j] -= a[i + 2][k + 3] * b[k + 1][j];
        }
      }
    }
    Rows.addProduct(
        -1,
        new Window(a, 2, height + 2, 3, inner + 3),
        new Window(b, 1, inner + 1, 2, width + 2),
        new Window(c, 4, height + 4, 2, width + 2));
    for (int i = 0; i < c.length; i++) {
      assertArrayEquals(expected[i], c[i], 1e-13 * inner);
    }
  }

  @Property(tries = 20)
  void recordedSweepsEqualRotationsOneByOne(
      @ForAll @IntRange(min = 2, max = 9) int n,
      @ForAll @IntRange(min = 1, max = 150) int sweeps,
      @ForAll long seed) {
    double[][] rows = random(n, 140, seed);
    double[][] expected = random(n, 140, seed);
    SplittableRandom random = new SplittableRandom(seed);
    GivensSweeps recorded = new GivensSweeps(rows, 140);
    for (int sweep = 0; sweep < sweeps; sweep++) {
      int step = random.nextBoolean() ? 1 : -1;
      int row = step > 0 ? 0 : n - 1;
      recorded.begin(row, step);
      int rotations = 1 + random.nextInt(n - 1);
      for (int k = 0; k < rotations; k++, row += step) {
        double angle = random.nextDouble(6);
        recorded.add(Math.cos(angle), Math.sin(angle));
        for (int j = 0; j < 140; j++) {
          double p = expected[row][j];
          double q = expected[row + step][j];
          expected[row][j] = Math.cos(angle) * p + Math.sin(angle) * q;
          expected[row + step][j] = Math.cos(angle) * q - Math.sin(angle) * p;
        }
      }
    }
    recorded.flush();
    for (int i = 0; i < n; i++) {
      assertArrayEquals(expected[i], rows[i], 1e-15 * sweeps * n);
    }
  }

  @Test
  void normsNeitherOverflowNorVanish() {
    assertEquals(5e200, Rows.norm(new double[] {3e200, 4e200}, 0, 2), 1e186);
    assertEquals(5e-200, Rows.norm(new double[] {3e-200, 4e-200}, 0, 2), 1e-214);
    assertEquals(5e-310, Rows.norm(new double[] {3e-310, 4e-310}, 0, 2), 1e-322);
    assertEquals(0, Rows.norm(new double[3], 0, 3));
  }

  @Test
  void reflectionsOfTinyVectorsAreOrthogonal() {
    for (double scale : new double[] {1, 1e-160, 1e-300, 1e-320}) {
      double[] x = {3 * scale, 0, -4 * scale};
      double tau = Householder.reflect(x, 0, 3);
      assertEquals(-5 * scale, x[0], Math.max(1e-15 * scale, Double.MIN_VALUE));
      assertEquals(2 / tau, 1 + x[2] * x[2], 1e-12);
    }
    double[] subnormal = {20 * Double.MIN_VALUE, 20 * Double.MIN_VALUE};
    double tau = Householder.reflect(subnormal, 0, 2);
    assertEquals(2 / tau, 1 + subnormal[1] * subnormal[1], 1e-12);
    assertEquals(0, Householder.reflect(new double[] {-2, 0, 0}, 0, 3));
  }

  @Test
  void rotationsZeroTheSecondNumberAtEveryScale() {
    Givens givens = new Givens();
    for (double scale : new double[] {1, 1e300, 1e-300, 1e-320}) {
      givens.zero(-3 * scale, 4 * scale);
      assertEquals(1, givens.c * givens.c + givens.s * givens.s, 1e-15);
      assertEquals(0, givens.c * 4 + givens.s * 3, 1e-2 * Math.min(1, 1e-310 / scale) + 1e-15);
      assertEquals(5 * scale, givens.r, Math.max(1e-15 * scale, 2 * Double.MIN_VALUE));
    }
    givens.zero(0, -2);
    assertEquals(2, givens.r);
    givens.zero(7, 0);
    assertEquals(1, givens.c);
  }
}
