package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.CodeRange;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.IntegerKernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Requantization;
import org.espalier.tensor.kernel.RequantizationMode;
import org.junit.jupiter.api.Test;

/** Compares arithmetic on codes with the reference set: every code must be equal. */
class IntegerKernelsTest extends KernelTwin {
  private static final IntegerKernels EXACT = new ReferenceIntegers();

  private final Random bytes = Random.of(11);
  private long drawn;

  private Tensor codes(int count) {
    Tensor codes = Tensor.zeros(DType.I8, Shape.of(count));
    for (int i = 0; i < count; i++) {
      codes.i8()[i] = (byte) (bytes.uniform(drawn++) * 256);
    }
    return codes;
  }

  private static ConvGeometry conv(
      int n, int h, int w, int in, int out, int k, int stride, int dilation, int pad, int groups) {
    int height = (h + 2 * pad - dilation * (k - 1) - 1) / stride + 1;
    int width = (w + 2 * pad - dilation * (k - 1) - 1) / stride + 1;
    return new ConvGeometry(
        n, h, w, in, height, width, out, k, k, stride, stride, dilation, dilation, pad, pad,
        groups);
  }

  private static ConvGeometry[] convolutions() {
    return new ConvGeometry[] {
      conv(2, 8, 8, 16, 16, 3, 1, 1, 1, 1),
      conv(3, 9, 7, 3, 10, 3, 2, 1, 1, 1),
      conv(1, 8, 8, 19, 17, 5, 1, 2, 4, 1),
      conv(2, 6, 6, 12, 18, 3, 1, 1, 1, 3),
      conv(2, 7, 7, 10, 10, 3, 2, 1, 1, 10),
      conv(2, 7, 5, 4, 8, 3, 1, 1, 1, 4),
      conv(5, 1, 1, 43, 10, 1, 1, 1, 0, 1),
      conv(2, 8, 8, 33, 64, 1, 1, 1, 0, 1),
      conv(2, 8, 8, 16, 32, 1, 2, 1, 0, 1),
      conv(70, 4, 4, 64, 8, 3, 1, 1, 1, 1),
      conv(1, 2, 2, 700, 6, 3, 1, 1, 1, 1),
      conv(1, 2, 2, 1400, 4, 3, 1, 1, 1, 2),
      conv(1, 24, 24, 1, 2, 24, 1, 1, 12, 1)
    };
  }

  @Test
  void convolutionsGiveEqualCodesInBothModes() {
    for (ConvGeometry g : convolutions()) {
      int row = g.kernelHeight() * g.kernelWidth() * g.groupIn();
      Tensor x = codes(g.batch() * g.inHeight() * g.inWidth() * g.inChannels());
      Tensor weight = codes(g.outChannels() * row).reshape(g.outChannels(), row);
      Tensor bias = Tensor.zeros(DType.I32, Shape.of(g.outChannels()));
      double[] multipliers = new double[g.outChannels()];
      for (int o = 0; o < multipliers.length; o++) {
        bias.i32()[o] = (int) ((bytes.uniform(drawn++) - 0.5) * 100_000);
        multipliers[o] = 0.02 * (0.1 + bytes.uniform(drawn++)) / Math.sqrt(row);
      }
      for (RequantizationMode mode : RequantizationMode.values()) {
        Requantization rounding =
            new Requantization(mode, new CodeRange(-100, -110, 120), multipliers);
        equal(g, x, -128, weight, bias, rounding);
        equal(g, x, 5, weight.frozen(), null, rounding);
      }
    }
  }

  private void equal(
      ConvGeometry g, Tensor x, int zero, Tensor weight, Tensor bias, Requantization rounding) {
    Shape shape = Shape.of(g.batch(), g.outHeight(), g.outWidth(), g.outChannels());
    IntegerKernels kernels = kernels().integers();
    Tensor expected = Tensor.zeros(DType.I8, shape);
    Tensor actual = Tensor.full(DType.I8, shape, 77);
    EXACT.conv(g, x, zero, weight, bias, rounding, expected);
    kernels.conv(g, x, zero, weight, bias, rounding, actual);
    assertArrayEquals(expected.i8(), actual.i8(), g + " " + rounding.mode());
    Tensor sums = Tensor.zeros(DType.I32, shape);
    Tensor same = Tensor.full(DType.I32, shape, 77);
    EXACT.sums(g, x, zero, weight, bias, sums);
    kernels.sums(g, x, zero, weight, bias, same);
    assertArrayEquals(sums.i32(), same.i32(), g.toString());
  }

  @Test
  void numbersInTheMiddleOfTwoCodesAreRoundedAsDefined() {
    int count = 500;
    ConvGeometry g = conv(count, 1, 1, 1, 1, 1, 1, 1, 0, 1);
    Tensor x = codes(count);
    Tensor weight = Tensor.of(Shape.of(1, 1), (byte) 1);
    for (double multiplier : new double[] {0.5, 0.25, 1.5, 2.5, 0.375, 1e-3, 1e6, 0}) {
      for (RequantizationMode mode : RequantizationMode.values()) {
        Requantization rounding = new Requantization(mode, CodeRange.all(-3), multiplier);
        equal(g, x, 0, weight, Tensor.of(Shape.of(1), 1), rounding);
        equal(g, x, 0, weight, Tensor.of(Shape.of(1), (1 << 25) + 1), rounding);
      }
    }
  }

  @Test
  void slicesCoverAllChannelsAndStayExact() {
    ConvGeometry g = conv(1, 2, 2, 700, 6, 3, 1, 1, 1, 1);
    Tensor weight = Tensor.full(DType.I8, Shape.of(6, 3, 3, 700), -127).frozen();
    ExactSlices slices = new ExactSlices(g, weight, 255);
    assertTrue(slices.count() > 1);
    assertEquals(0, slices.from(0));
    assertEquals(700, slices.from(slices.count()));
    for (int s = 0; s < slices.count(); s++) {
      assertTrue(slices.width(s) * 9L * 127 * 255 <= 1 << 24, "slice " + s);
      assertEquals(-127, slices.values(s)[slices.width(s)]);
    }
  }

  @Test
  void sumsRoundOnce() {
    for (int count : AWKWARD) {
      Tensor x = codes(count);
      Tensor y = codes(count);
      Tensor expected = Tensor.zeros(DType.I8, Shape.of(count));
      Tensor actual = Tensor.full(DType.I8, Shape.of(count), 77);
      CodeRange range = new CodeRange(-10, -10, 127);
      EXACT.add(x, -128, 0.5, y, 3, 0.25, range, expected);
      kernels().integers().add(x, -128, 0.5, y, 3, 0.25, range, actual);
      assertArrayEquals(expected.i8(), actual.i8());
      EXACT.add(x, -128, 0.713, y, 3, 0.1999, range, expected);
      kernels().integers().add(x, -128, 0.713, y, 3, 0.1999, range, actual);
      assertArrayEquals(expected.i8(), actual.i8());
    }
  }

  @Test
  void poolingGivesEqualCodes() {
    for (PoolGeometry g : PoolKernelsTest.pools()) {
      Tensor x = codes(g.batch() * g.height() * g.width() * g.channels());
      Shape shape = Shape.of(g.batch() * g.outHeight() * g.outWidth() * g.channels());
      Tensor expected = Tensor.zeros(DType.I8, shape);
      Tensor actual = Tensor.full(DType.I8, shape, 77);
      EXACT.maxPool(g, x, expected);
      kernels().integers().maxPool(g, x, actual);
      assertArrayEquals(expected.i8(), actual.i8());
      for (RequantizationMode mode : RequantizationMode.values()) {
        Requantization rounding = new Requantization(mode, CodeRange.all(7), 1.3);
        EXACT.averagePool(g, x, -20, rounding, expected);
        kernels().integers().averagePool(g, x, -20, rounding, actual);
        assertArrayEquals(expected.i8(), actual.i8());
      }
    }
  }

  @Test
  void tablesAreReadByCode() {
    Tensor x = codes(999);
    Tensor table = codes(CodeRange.CODES);
    Tensor y = Tensor.zeros(DType.I8, x.shape());
    kernels().integers().map(x, table, y);
    for (int i = 0; i < y.count(); i++) {
      assertEquals(table.i8()[x.i8()[i] + 128], y.i8()[i]);
    }
  }

  @Test
  void wideningAndNarrowingAreInverse() {
    for (int count : AWKWARD) {
      Tensor x = codes(count);
      Tensor wide = dirty(count);
      kernels().integers().widen(x, -77, wide);
      assertEquals(x.i8()[count - 1] + 77, wide.get(count - 1));
      Tensor back = Tensor.full(DType.I8, x.shape(), 77);
      kernels().integers().narrow(wide, -77, back);
      assertArrayEquals(x.i8(), back.i8());
    }
  }
}
