package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MaskGradientNormalizationTest {
  private static final int FEATURES = 4;
  private static final int SIZE = 6;

  /** Noise; feature 2 gets no gradient. */
  private static Tensor gradient(long seed, double scale) {
    Random random = Random.of(seed);
    Tensor gradient = Tensor.zeros(DType.F64, Shape.of(FEATURES, 2, 3));
    for (int i = 0; i < gradient.count(); i++) {
      gradient.set(i, i / SIZE == 2 ? 0 : scale * random.normal(i));
    }
    return gradient;
  }

  private static Tensor normalized(MaskGradientNormalization mode, Tensor gradient) {
    Tensor copy = gradient.copy();
    mode.normalize(copy);
    return copy;
  }

  private static double norm(Tensor tensor, int feature, MaskGradientNormalization mode) {
    double squares = 0;
    double largest = 0;
    for (int i = feature * SIZE; i < (feature + 1) * SIZE; i++) {
      squares += tensor.get(i) * tensor.get(i);
      largest = Math.max(largest, Math.abs(tensor.get(i)));
    }
    return switch (mode) {
      case L2 -> Math.sqrt(squares);
      case RMS -> Math.sqrt(squares / SIZE);
      default -> largest;
    };
  }

  @Property(tries = 50)
  void everyFeatureHasSizeOneAndAnEmptyOneStaysZero(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.01, max = 1e4) double scale) {
    for (MaskGradientNormalization mode :
        new MaskGradientNormalization[] {
          MaskGradientNormalization.L2,
          MaskGradientNormalization.RMS,
          MaskGradientNormalization.MAX_ABS
        }) {
      Tensor one = normalized(mode, gradient(seed, 1));
      Tensor scaled = normalized(mode, gradient(seed, scale));
      for (int feature = 0; feature < FEATURES; feature++) {
        assertEquals(feature == 2 ? 0 : 1, norm(scaled, feature, mode), 1e-6);
      }
      for (int i = 0; i < one.count(); i++) {
        assertEquals(one.get(i), scaled.get(i), 1e-6);
      }
    }
  }

  @Test
  void noneLeavesEveryBit() {
    Tensor gradient = gradient(3, 1);
    assertTrue(gradient.bitEquals(normalized(MaskGradientNormalization.NONE, gradient)));
  }

  @Test
  void namesAreReadAndUnknownOnesRefused() {
    assertEquals(MaskGradientNormalization.MAX_ABS, MaskGradientNormalization.of("max_abs"));
    assertThrows(IllegalArgumentException.class, () -> MaskGradientNormalization.of("l3"));
  }
}
