package org.espalier.tensor.internal;

import static org.espalier.tensor.internal.Floats.noise;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests {@link VectorGemm} against the chain of fused multiply-adds that it promises. */
@AddLifecycleHook(VectorAssumptions.ForProperties.class)
class VectorGemmTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  /** One product with its operands, in the layout the flags say. */
  private record Problem(
      boolean transposeA, boolean transposeB, int m, int n, int k, float[] a, float[] b) {
    static Problem random(boolean transposeA, boolean transposeB, int m, int n, int k) {
      Random random = new Random(31L * m + 17L * n + k);
      return new Problem(
          transposeA, transposeB, m, n, k, noise(random, m * k), noise(random, k * n));
    }

    float left(int i, int p) {
      return a[transposeA ? p * m + i : i * k + p];
    }

    float right(int p, int j) {
      return b[transposeB ? j * k + p : p * n + j];
    }

    float[] multiply(float[] row, float[] onto) {
      float[] c = onto == null ? new float[m * n] : onto.clone();
      if (onto == null) {
        Arrays.fill(c, Float.NaN);
      }
      VectorGemm.gemm(
          transposeA, transposeB, m, n, k, a, VectorWeight.changing(b), row, onto != null, null, c);
      return c;
    }

    void check(float[] row, float[] onto) {
      float[] c = multiply(row, onto);
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          float chain = (onto == null ? 0 : onto[i * n + j]) + (row == null ? 0 : row[j]);
          double exact = chain;
          for (int p = 0; p < k; p++) {
            chain = Math.fma(left(i, p), right(p, j), chain);
            exact += (double) left(i, p) * right(p, j);
          }
          String where = this.m + "x" + n + "x" + k + " at " + i + ", " + j;
          assertEquals(chain, c[i * n + j], where);
          assertEquals(exact, c[i * n + j], 2e-6 * Math.sqrt(k + 1) + 1e-6, where);
        }
      }
    }
  }

  private static void checkAllForms(int m, int n, int k) {
    Random random = new Random(7);
    for (int form = 0; form < 16; form++) {
      Problem problem = Problem.random((form & 1) != 0, (form & 2) != 0, m, n, k);
      float[] row = (form & 4) == 0 ? null : noise(random, n);
      problem.check(row, (form & 8) == 0 ? null : noise(random, m * n));
    }
  }

  @Property(tries = 150)
  void smallProductsAreExactChains(
      @ForAll @IntRange(min = 1, max = 17) int m,
      @ForAll @IntRange(min = 1, max = 70) int n,
      @ForAll @IntRange(min = 0, max = 17) int k) {
    checkAllForms(m, n, k);
  }

  @ParameterizedTest
  @CsvSource({
    "19, 31, 33",
    "43, 65, 19",
    "65, 577, 131",
    "10, 64, 128",
    "1, 100, 300",
    "100, 1, 300",
    "97, 257, 513",
    "25, 16, 256",
    "200, 300, 10",
    "3, 130, 600"
  })
  void awkwardProductsAreExactChains(int m, int n, int k) {
    checkAllForms(m, n, k);
  }

  @ParameterizedTest
  @CsvSource({"250, 300, 270", "20, 600, 700"})
  void bitsDoNotDependOnThreads(int m, int n, int k) {
    for (int form = 0; form < 4; form++) {
      Problem problem = Problem.random((form & 1) != 0, (form & 2) != 0, m, n, k);
      float[][] results = new float[3][];
      for (int threads = 1; threads <= 3; threads++) {
        int slot = threads - 1;
        VectorAssumptions.inPool(threads, () -> results[slot] = problem.multiply(null, null));
      }
      assertArrayEquals(results[0], results[1]);
      assertArrayEquals(results[0], results[2]);
    }
  }

  @ParameterizedTest
  @CsvSource({"70, 40, 300, 90", "8, 200, 64, 20"})
  void zeroColumnsOfTheLeftChangeNoBit(int m, int n, int k, int kept) {
    Problem compact = Problem.random(false, false, m, n, kept);
    float[] a = new float[m * k];
    float[] b = noise(new Random(3), k * n);
    for (int p = 0; p < kept; p++) {
      int wide = p * k / kept;
      for (int i = 0; i < m; i++) {
        a[i * k + wide] = compact.left(i, p);
      }
      System.arraycopy(compact.b, p * n, b, wide * n, n);
    }
    float[] masked = new Problem(false, false, m, n, k, a, b).multiply(null, null);
    assertArrayEquals(compact.multiply(null, null), masked);
  }
}
