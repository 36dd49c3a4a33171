package org.espalier.sparse.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class AffineQuantizerTest {
  private static final float LIMIT = 1000;

  private static QuantizationGrid grid(int bits, boolean affine) {
    return affine || bits == 1 ? QuantizationGrid.unsigned(bits) : QuantizationGrid.signed(bits);
  }

  private static Tensor tensor(float... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  /** Invariant 1. */
  @Property(tries = 300)
  void valuesAreOnTheGridNearMonotoneAndStayWhenQuantizedAgain(
      @ForAll @Size(min = 1, max = 40) float[] values,
      @ForAll @FloatRange(min = -LIMIT, max = LIMIT) float low,
      @ForAll @FloatRange(min = -LIMIT, max = LIMIT) float high,
      @ForAll @IntRange(min = 1, max = 16) int bits,
      @ForAll boolean affine) {
    AffineQuantizer quantizer =
        grid(bits, affine).quantizer(new Range(Math.min(low, high), Math.max(low, high)));
    Arrays.sort(values);
    Tensor x = tensor(values);
    Tensor y = quantizer.fakeQuantize(x);
    Tensor codes = quantizer.quantize(x);
    assertTrue(quantizer.dequantize(codes).bitEquals(y));
    assertTrue(quantizer.fakeQuantize(y).bitEquals(y));
    float scale = quantizer.scale(0);
    float least = (quantizer.qmin() - quantizer.zeroPoint(0)) * scale;
    float most = (quantizer.qmax() - quantizer.zeroPoint(0)) * scale;
    for (int i = 0; i < x.count(); i++) {
      assertTrue(codes.get(i) >= quantizer.qmin() && codes.get(i) <= quantizer.qmax());
      if (x.get(i) >= least && x.get(i) <= most) {
        double allowed = scale / 2.0 + 1e-6 * Math.abs(x.get(i));
        assertTrue(Math.abs(y.get(i) - x.get(i)) <= allowed, () -> "got " + y + " of " + x);
      }
      assertTrue(i == 0 || y.get(i) >= y.get(i - 1));
    }
  }

  /** Invariant 2. */
  @Property(tries = 300)
  void zeroIsExactForEveryRange(
      @ForAll @FloatRange(min = -LIMIT, max = LIMIT) float low,
      @ForAll @FloatRange(min = -LIMIT, max = LIMIT) float high,
      @ForAll @IntRange(min = 1, max = 16) int bits,
      @ForAll boolean affine) {
    AffineQuantizer quantizer =
        grid(bits, affine).quantizer(new Range(Math.min(low, high), Math.max(low, high)));
    assertEquals(quantizer.zeroPoint(0), quantizer.quantize(tensor(0)).get(0));
    assertEquals(0, quantizer.fakeQuantize(tensor(0)).get(0));
  }

  /** Invariant 3. */
  @Property(tries = 100)
  void equalScalesForAllChannelsAreOneScale(
      @ForAll long seed, @ForAll @IntRange(min = 0, max = 2) int axis) {
    Tensor x = BatchNormFoldingTest.normal(seed, 2, 3, 4);
    AffineQuantizer one = QuantizationGrid.UINT8.quantizer(Range.of("x", x));
    int channels = x.shape().size(axis);
    float[] scales = new float[channels];
    int[] zeroPoints = new int[channels];
    Arrays.fill(scales, one.scale(0));
    Arrays.fill(zeroPoints, one.zeroPoint(0));
    AffineQuantizer many = new AffineQuantizer(scales, zeroPoints, axis, 0, 255);
    assertTrue(one.fakeQuantize(x).bitEquals(many.fakeQuantize(x)));
    assertTrue(one.quantize(x).bitEquals(many.quantize(x)));
    assertTrue(one.gradient(x, x).bitEquals(many.gradient(x, x)));
  }

  @Test
  void doublesAreQuantizedLikeFloats() {
    AffineQuantizer quantizer = AffineQuantizer.perTensor(0.25f, 3, 0, 10);
    Tensor x = tensor(-0.875f, -0.375f, 0.125f, 0.375f, 1.75f, 9, -9, 0);
    Tensor wide = x.to(DType.F64);
    assertTrue(quantizer.fakeQuantize(x).bitEquals(quantizer.fakeQuantize(wide).to(DType.F32)));
    assertTrue(quantizer.quantize(x).bitEquals(quantizer.quantize(wide)));
    assertTrue(quantizer.gradient(x, x).bitEquals(quantizer.gradient(wide, wide).to(DType.F32)));
  }

  @Test
  void theGradientStopsWhereTheCodeIsClamped() {
    AffineQuantizer quantizer = AffineQuantizer.perTensor(1, 0, -2, 2);
    Tensor x = tensor(-2.6f, -2.5f, 0, 2.5f, 2.51f, 1e30f, Float.NaN);
    Tensor ones = Tensor.full(DType.F32, x.shape(), 1);
    assertTrue(tensor(0, 1, 1, 1, 0, 0, 0).bitEquals(quantizer.gradient(x, ones)));
  }

  @Test
  void anAllZeroTensorHasTheLeastScaleAndCodesOfZero() {
    AffineQuantizer quantizer = QuantizationGrid.UINT8.quantizer(new Range(0, 0));
    assertEquals(1.1920929e-7f, quantizer.scale(0));
    assertEquals(quantizer.zeroPoint(0), quantizer.quantize(tensor(0)).get(0));
  }

  @Test
  void badGridsAreRefusedWithTheirNumbers() {
    refused("above 0", () -> AffineQuantizer.perTensor(0, 0, 0, 255));
    refused("above 0", () -> AffineQuantizer.perTensor(Float.NaN, 0, 0, 255));
    refused("256", () -> AffineQuantizer.perTensor(1, 256, 0, 255));
    refused("qmin", () -> AffineQuantizer.perTensor(1, 0, 5, 5));
    refused("1 scales", () -> new AffineQuantizer(new float[] {1}, new int[] {0, 0}, 0, 0, 1));
    refused(
        "does not exist",
        () -> new AffineQuantizer(new float[] {1}, new int[1], 3, 0, 1).quantize(tensor(1)));
    refused(
        "do not fit",
        () -> new AffineQuantizer(new float[] {1, 1}, new int[2], 0, 0, 1).quantize(tensor(1)));
    refused("17", () -> QuantizationGrid.unsigned(17));
    refused("0", () -> QuantizationGrid.signed(0));
    refused("symmetric", () -> new QuantizationGrid(0, 255, Scheme.SYMMETRIC));
    refused("finite", () -> new Range(0, Float.NaN));
  }

  private static void refused(String part, org.junit.jupiter.api.function.Executable bad) {
    String message = assertThrows(IllegalArgumentException.class, bad).getMessage();
    assertTrue(message.contains(part), message);
  }
}
