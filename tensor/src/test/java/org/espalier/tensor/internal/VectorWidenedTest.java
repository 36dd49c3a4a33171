package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Tests {@link VectorWidened} against the reference, all three passes, where it is really chosen.
 */
class VectorWidenedTest {
  private static final int BATCH = 4;
  private static final int SIDE = 16;

  @BeforeAll
  static void needsVectors() {
    VectorAssumptions.vectorModule();
    assumeTrue(
        VectorPanels.LANES >= 16, "Winograd wants 16 channels: narrower vectors widen nothing");
  }

  private static Tensor noise(long seed, int... sizes) {
    Tensor tensor = Tensor.zeros(sizes);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, Random.of(seed).normal(i));
    }
    return tensor;
  }

  private static void same(Tensor expected, Tensor got) {
    double scale = 1;
    for (double value : expected.toDoubles()) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), got.get(i), 1e-4 * scale, "element " + i);
    }
  }

  /** Channels are given as lanes short of a full vector, as pruning leaves them. */
  @ParameterizedTest
  @CsvSource({"1, 1", "3, 0", "0, 3", "2, -5", "-7, 1"})
  void allThreePassesAgreeWithTheReference(int inShort, int outShort) {
    int in = VectorPanels.LANES - inShort;
    int out = VectorPanels.LANES - outShort;
    ConvGeometry g =
        new ConvGeometry(BATCH, SIDE, SIDE, in, SIDE, SIDE, out, 3, 3, 1, 1, 1, 1, 1, 1, 1);
    assertNotNull(VectorWidened.of(g), in + " to " + out + " channels must be widened");
    Tensor x = noise(1, BATCH, SIDE, SIDE, in);
    Tensor dy = noise(2, BATCH, SIDE, SIDE, out);
    Tensor weight = noise(3, out, 3, 3, in);
    Tensor bias = noise(4, out);
    ReferenceKernels reference = new ReferenceKernels();
    Tensor expected = Tensor.zeros(DType.F32, dy.shape());
    Tensor got = Tensor.full(DType.F32, dy.shape(), Double.NaN);
    reference.conv(g, x, weight, bias, expected);
    VectorConv.forward(g, x.f32(), weight.f32(), bias.f32(), got.f32());
    same(expected, got);
    Tensor expectedDx = Tensor.zeros(DType.F32, x.shape());
    Tensor gotDx = Tensor.full(DType.F32, x.shape(), Double.NaN);
    reference.convGradInput(g, dy, weight, expectedDx);
    VectorConv.gradInput(g, dy.f32(), weight.f32(), gotDx.f32());
    same(expectedDx, gotDx);
    Shape weights = weight.shape();
    Tensor expectedDw = Tensor.zeros(DType.F32, weights);
    Tensor gotDw = Tensor.full(DType.F32, weights, Double.NaN);
    reference.convGradWeight(g, x, dy, expectedDw);
    VectorConv.gradWeight(g, x.f32(), dy.f32(), gotDw.f32());
    same(expectedDw, gotDw);
  }
}
