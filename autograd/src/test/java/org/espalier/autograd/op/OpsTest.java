package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;

/** What the façade composes; single ops are asked in {@link OpTableTest}. */
class OpsTest {
  private static Var normal(int... sizes) {
    Tensor tensor = Tensor.zeros(DType.F64, Shape.of(sizes));
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, Random.of(5).normal(i));
    }
    return Var.constant(tensor);
  }

  private static void same(Var expected, Var actual) {
    assertEquals(expected.shape(), actual.shape());
    for (int i = 0; i < expected.shape().count(); i++) {
      assertEquals(expected.value().get(i), actual.value().get(i), 1e-12);
    }
  }

  @Test
  void splitPartsJoinAgain() {
    Var x = normal(2, 3, 6);
    Var[] parts = Ops.split(x, -1, 1, 3, 2);
    assertEquals(Shape.of(2, 3, 3), parts[1].shape());
    same(x, Ops.concat(2, parts));
  }

  @Test
  void shuffleExchangesGroupsAndChannels() {
    Var x = Var.constant(Tensor.of(Shape.of(1, 1, 6), 0f, 1f, 2f, 3f, 4f, 5f));
    Var y = Ops.channelShuffle(x, 2);
    // Channel i of C goes to (i mod (C/g))·g + floor(i/(C/g)).
    for (int i = 0; i < 6; i++) {
      assertEquals(i, y.value().get(i % 3 * 2 + i / 3));
    }
    same(x, Ops.channelShuffle(y, 3));
  }

  @Test
  void gatherAndScatterWorkOnAnyAxis() {
    Var x = normal(2, 4, 3);
    Var index = Var.constant(Tensor.indices(3, -1, 0));
    Var rows = Ops.gather(x, index, 1);
    assertEquals(Shape.of(2, 3, 3), rows.shape());
    same(Ops.slice(x, 1, 3, 4), Ops.slice(rows, 1, 0, 1));
    Var back = Ops.scatter(rows, index, 1, 4);
    same(Ops.slice(x, 1, 0, 1), Ops.slice(back, 1, 0, 1));
    same(Ops.affine(Ops.slice(x, 1, 1, 3), 0, 0), Ops.slice(back, 1, 1, 3));
  }

  @Test
  void reduceArrangesLettersThatStandApart() {
    Var x = normal(2, 3, 4, 5);
    Var apart = Ops.reduce(Reduction.SUM, x, "n h w c -> w h");
    Var steps =
        Ops.rearrange(
            Ops.reduce(
                Reduction.SUM, Ops.reduce(Reduction.SUM, x, "n h w c -> n h w"), "n h w -> h w"),
            "h w -> w h",
            Map.of());
    same(steps, apart);
  }

  @Test
  void repeatArrangesLettersThatStandApart() {
    Var x = normal(2, 3);
    Var wide = Ops.repeat(x, "n c -> h c w n", Map.of("h", 2, "w", 4));
    assertEquals(Shape.of(2, 3, 4, 2), wide.shape());
    same(
        Ops.affine(Ops.rearrange(x, "n c -> c n", Map.of()), 8, 0),
        Ops.reduce(Reduction.SUM, wide, "h c w n -> c n"));
  }

  @Test
  void flattenRunsChannelsFastestAndIsFreeOfCopies() {
    Var x = normal(2, 3, 2, 4);
    Var flat = Ops.flatten(x);
    assertEquals(Shape.of(2, 24), flat.shape());
    assertSame(x.value().buffer(), flat.value().buffer());
    assertSame(flat, Ops.flatten(flat));
  }

  @Test
  void groupedConvolutionIsItsGroupsSideBySide() {
    Var x = normal(2, 5, 4, 6);
    Var weight = normal(4, 3, 3, 3);
    ConvOptions options = ConvOptions.DEFAULT.withPadding(1).withStride(2);
    List<Var> parts = new ArrayList<>();
    for (int g = 0; g < 2; g++) {
      Var part = Ops.slice(x, -1, 3 * g, 3 * g + 3);
      parts.add(Ops.conv2d(part, Ops.slice(weight, 0, 2 * g, 2 * g + 2), null, options));
    }
    Var joined = Ops.concat(-1, parts.toArray(new Var[0]));
    same(joined, Ops.conv2d(x, weight, null, options.withGroups(true)));
  }

  @Test
  void dropoutKeepsTheMeanAndIsOneDrawAChannelWhereAsked() {
    Var ones = Var.constant(Tensor.full(DType.F32, Shape.of(100, 1000), 1));
    Var dropped = Ops.dropout(ones, 0.3, 12345);
    double mean = Ops.reduce(Reduction.MEAN, dropped, "... ->").value().item();
    // Standard error of 1e5 draws of mean 1 and variance p/(1-p).
    assertEquals(1, mean, 4 * Math.sqrt(0.3 / 0.7 / 1e5));
    Var channels =
        Ops.channelDropout(Var.constant(Tensor.full(DType.F32, Shape.of(4, 3, 8), 1)), 0.5, 7);
    Var spread = Ops.sub(Ops.slice(channels, 1, 0, 1), Ops.slice(channels, 1, 2, 3));
    assertEquals(0, Losses.l1Penalty(spread).value().item());
    assertTrue(Losses.l1Penalty(channels).value().item() > 0);
  }

  @Test
  void aGivenMaskIsUsedElementwiseOrAChannel() {
    Var x = Var.constant(Tensor.full(DType.F32, Shape.of(1, 2, 2), 3));
    Var elements = Var.constant(Tensor.of(Shape.of(1, 2, 2), 1f, 0f, 0f, 1f));
    assertEquals(6, Ops.dropout(x, 0.5, elements).value().get(3));
    assertEquals(0, Ops.dropout(x, 0.5, elements).value().get(1));
    Var channels = Var.constant(Tensor.of(Shape.of(1, 2), 0f, 1f));
    assertEquals(0, Ops.dropout(x, 0.5, channels).value().get(2));
    assertEquals(6, Ops.dropout(x, 0.5, channels).value().get(3));
    assertEquals(0, Ops.dropout(x, 1, elements).value().get(0));
  }

  @Test
  void batchNormStandardisesAndTellsItsStatistics() {
    Var x = normal(50, 3);
    Var y = Normalizations.batchNorm(x, null, null, 1e-5);
    Var mean = Ops.reduce(Reduction.MEAN, y, "n c -> c");
    Var square = Ops.reduce(Reduction.MEAN, Ops.mul(y, y), "n c -> c");
    for (int c = 0; c < 3; c++) {
      assertEquals(0, mean.value().get(c), 1e-12);
      assertEquals(1, square.value().get(c), 1e-4);
    }
  }

  @Test
  void softmaxRowsSumToOneAndIgnoreShifts() {
    Var x = normal(4, 7);
    Var rows = Ops.reduce(Reduction.SUM, Ops.softmax(x, -1), "n c -> n");
    for (int n = 0; n < 4; n++) {
      assertEquals(1, rows.value().get(n), 1e-12);
    }
    same(Ops.softmax(x, 0), Ops.softmax(Ops.affine(x, 1, 100), 0));
  }
}
