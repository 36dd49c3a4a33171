package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@link VectorScatter} against the plain scatter. */
class VectorScatterTest {
  @BeforeAll
  static void vectorModule() {
    VectorAssumptions.vectorModule();
  }

  private static Span span(int rows, int width) {
    return Span.of(Shape.of(rows, width), 1, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 1000})
  void fillsRowsAsThePlainScatterDoes(int rows) {
    Random random = new Random(rows);
    for (int vectors = 1; vectors <= 3; vectors++) {
      int width = vectors * VectorPanels.LANES;
      int[] places = IntStream.range(0, width).filter(k -> random.nextInt(3) > 0).toArray();
      float[] x = new float[rows * places.length];
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
      float[] expected = new float[rows * width];
      ScalarMove.scatterAdd(x, places, span(rows, width), expected);
      float[] actual = new float[rows * width];
      Arrays.fill(actual, Float.NaN);
      assertTrue(VectorScatter.serves(places, span(rows, width)));
      VectorScatter.run(x, places, span(rows, width), actual);
      assertArrayEquals(expected, actual);
    }
  }

  @Test
  void noPlacesLeaveZeros() {
    float[] y = new float[2 * VectorPanels.LANES];
    Arrays.fill(y, Float.NaN);
    VectorScatter.run(new float[0], new int[0], span(2, VectorPanels.LANES), y);
    assertArrayEquals(new float[y.length], y);
  }

  @Test
  void servesOnlyAscendingPlacesInWholeVectors() {
    int lanes = VectorPanels.LANES;
    assertFalse(VectorScatter.serves(new int[] {0, 1}, span(4, lanes + 1)), "part of a vector");
    assertFalse(VectorScatter.serves(new int[] {1, 0}, span(4, lanes)), "not ascending");
    assertFalse(VectorScatter.serves(new int[] {1, 1}, span(4, lanes)), "two at one place");
    assertFalse(VectorScatter.serves(new int[] {-1, 1}, span(4, lanes)), "dropped");
    assertFalse(VectorScatter.serves(new int[] {0}, Span.of(Shape.of(2, lanes, 3), 1, 2)), "runs");
  }
}
