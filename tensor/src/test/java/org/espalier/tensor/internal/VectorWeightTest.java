package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that kept panels give the numbers of panels packed anew, and are made once. */
class VectorWeightTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static Tensor noise(Random random, int size) {
    return Tensor.of(Shape.of(size), Floats.noise(random, size));
  }

  private static float[] forward(ConvGeometry g, Tensor x, Tensor weight, float[] bias) {
    return Floats.filled(
        new NaiveConv(g).ySize(),
        y -> VectorConv.forward(g, x.f32(), VectorWeight.of(weight), bias, null, y));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 16, 16, 24, 40, 3, 1, 1", // Winograd, one block
    "9, 16, 16, 24, 40, 3, 1, 1", // Winograd, several blocks
    "2, 16, 16, 24, 40, 5, 1, 1", // Winograd of wider kernels
    "1, 7, 9, 20, 150, 3, 2, 1", // a sweep in strips of columns
    "1, 6, 6, 3, 70, 5, 1, 1", // gathered windows
    "2, 9, 9, 12, 200, 3, 2, 2", // groups
    "2, 16, 16, 64, 64, 3, 1, 8", // joined groups
    "1, 4, 4, 300, 70, 1, 1, 1", // a product
  })
  void keptPanelsGiveTheSameBits(
      int batch, int height, int width, int in, int out, int kernel, int stride, int groups) {
    int pad = kernel / 2;
    ConvGeometry g =
        new ConvGeometry(
            batch,
            height,
            width,
            in,
            (height + 2 * pad - kernel) / stride + 1,
            (width + 2 * pad - kernel) / stride + 1,
            out,
            kernel,
            kernel,
            stride,
            stride,
            1,
            1,
            pad,
            pad,
            groups);
    Random random = new Random(3);
    Tensor x = noise(random, new NaiveConv(g).xSize());
    Tensor weight = noise(random, new NaiveConv(g).weightSize());
    float[] bias = noise(random, out).f32();
    Tensor frozen = weight.frozen();
    float[] first = forward(g, x, frozen, bias);
    assertArrayEquals(first, forward(g, x, frozen, bias));
    if (VectorWinogradChoice.serves(g, true) == VectorWinogradChoice.serves(g)) {
      assertArrayEquals(forward(g, x, weight, bias), first);
    } else {
      assertArrayEquals(forward(g, x, weight, bias), first, 1e-4f);
    }
    for (int threads = 1; threads <= 3; threads++) {
      VectorAssumptions.inPool(
          threads, () -> assertArrayEquals(first, forward(g, x, weight.frozen(), bias)));
    }
  }

  /** Sizes at which the same weight is packed in several ways: joined pixels, joined images. */
  @ParameterizedTest
  @CsvSource({"1, 6, 5", "3, 16, 3", "101, 70, 5", "8, 8, 3"})
  void oneFrozenWeightServesImagesOfAllSizes(int in, int out, int kernel) {
    Random random = new Random(5);
    Tensor weight = noise(random, out * kernel * kernel * in);
    Tensor frozen = weight.frozen();
    for (int[] size : new int[][] {{1, 28, 28}, {2, 9, 9}, {3, 12, 30}, {60, 3, 4}, {1, 7, 8}}) {
      int pad = kernel / 2;
      ConvGeometry g =
          new ConvGeometry(
              size[0], size[1], size[2], in, size[1], size[2], out, kernel, kernel, 1, 1, 1, 1, pad,
              pad, 1);
      Tensor x = noise(random, new NaiveConv(g).xSize());
      assertArrayEquals(forward(g, x, weight, null), forward(g, x, frozen, null), 1e-3f);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 70, 300", "1, 1, 9", "5, 200, 33", "30, 65, 600"})
  void keptProductsGiveTheSameBits(int m, int n, int k) {
    Random random = new Random(4);
    float[] a = noise(random, m * k).f32();
    Tensor b = noise(random, n * k);
    float[] row = noise(random, n).f32();
    for (boolean transposed : new boolean[] {false, true}) {
      float[] expected = new float[m * n];
      VectorGemm.gemm(
          false, transposed, m, n, k, a, VectorWeight.of(b), row, false, null, expected);
      VectorWeight frozen = VectorWeight.of(b.frozen());
      for (int call = 0; call < 2; call++) {
        float[] c = new float[m * n];
        VectorGemm.gemm(false, transposed, m, n, k, a, frozen, row, false, null, c);
        assertArrayEquals(expected, c);
      }
    }
  }

  @Test
  void aFrozenWeightIsPackedOnceForEachLayout() {
    Tensor frozen = Tensor.zeros(4).frozen();
    AtomicInteger packings = new AtomicInteger();
    float[] first =
        VectorWeight.of(frozen).packed("a", 4, to -> packings.incrementAndGet()).panels();
    assertSame(
        first, VectorWeight.of(frozen).packed("a", 4, to -> packings.incrementAndGet()).panels());
    assertEquals(1, packings.get());
    VectorWeight.of(frozen).packed("b", 4, to -> packings.incrementAndGet()).release();
    assertEquals(2, packings.get());
    VectorWeight.of(frozen.reshape(2, 2)).packed("a", 4, to -> packings.incrementAndGet());
    assertEquals(3, packings.get());
  }
}
