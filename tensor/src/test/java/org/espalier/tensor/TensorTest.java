package org.espalier.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {
  @ParameterizedTest
  @EnumSource(DType.class)
  void elementsAreSetAndReadInRowMajorOrder(DType dtype) {
    Tensor tensor = Tensor.zeros(dtype, Shape.of(2, 3));
    tensor.set(tensor.offset(1, 2), 7);
    assertEquals(7, tensor.get(5));
    assertEquals(0, tensor.get(4));
    assertArrayEquals(new double[] {0, 0, 0, 0, 0, 7}, tensor.toDoubles());
    assertEquals(dtype, tensor.dtype());
    assertEquals(3, Tensor.full(dtype, Shape.of(4), 3).get(3));
  }

  @Test
  void anArrayIsUsedNotCopied() {
    float[] values = {1, 2};
    Tensor tensor = Tensor.of(Shape.of(2), values);
    values[1] = 5;
    assertEquals(5, tensor.get(1));
    assertSame(values, tensor.f32());
  }

  @Test
  void onlyAFrozenTensorKeepsPackedCopies() {
    Tensor tensor = Tensor.of(Shape.of(2), 1f, 2f);
    assertNull(tensor.prepacked());
    Tensor frozen = tensor.frozen();
    assertSame(tensor.f32(), frozen.f32());
    float[] packed = {2, 1};
    assertSame(packed, frozen.prepacked().get("turned", () -> packed));
    assertSame(packed, frozen.prepacked().get("turned", () -> new float[2]));
    assertNull(frozen.copy().prepacked());
  }

  @Test
  void anArrayOfTheWrongLengthIsRefused() {
    ShapeException error =
        assertThrows(ShapeException.class, () -> Tensor.of(Shape.of(2, 2), 1f, 2f, 3f));
    assertTrue(error.getMessage().contains("3 values"), error.getMessage());
  }

  @Test
  void reshapedTensorsShareTheirBufferAndCopiesDoNot() {
    Tensor tensor = Tensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
    Tensor reshaped = tensor.reshape(3, 2);
    assertSame(tensor.buffer(), reshaped.buffer());
    Tensor copy = tensor.copy();
    assertNotSame(tensor.f32(), copy.f32());
    assertTrue(copy.bitEquals(tensor));
    reshaped.set(0, 9);
    assertEquals(9, tensor.get(0));
    assertEquals(1, copy.get(0));
    ShapeException error = assertThrows(ShapeException.class, () -> tensor.reshape(4));
    assertTrue(error.getMessage().contains("[2, 3]"), error.getMessage());
  }

  @Test
  void copiesNeedEqualCountsAndTypes() {
    Tensor target = Tensor.zeros(3);
    target.copyFrom(Tensor.of(Shape.of(3, 1), 1f, 2f, 3f));
    assertEquals(3, target.get(2));
    assertThrows(ShapeException.class, () -> target.copyFrom(Tensor.zeros(4)));
    assertThrows(DTypeException.class, () -> target.copyFrom(Tensor.zeros(DType.F64, Shape.of(3))));
  }

  @Test
  void theWrongElementTypeIsNamed() {
    DTypeException error = assertThrows(DTypeException.class, () -> Tensor.indices(1, 2).f32());
    assertTrue(error.getMessage().contains("got I32, expected F32"), error.getMessage());
  }

  @Test
  void conversionWidensExactlyAndTruncatesToIntegers() {
    Tensor tensor = Tensor.of(Shape.of(2), 1.75f, -2.5f);
    assertSame(tensor, tensor.to(DType.F32));
    assertArrayEquals(new double[] {1.75, -2.5}, tensor.to(DType.F64).f64());
    assertArrayEquals(new int[] {1, -2}, tensor.to(DType.I32).i32());
  }

  @Test
  void onlyOneElementIsAnItem() {
    assertEquals(2.5, Tensor.scalar(2.5).item());
    assertThrows(ShapeException.class, () -> Tensor.zeros(2).item());
  }

  @Test
  void anIndexOutsideIsRefused() {
    Tensor tensor = Tensor.zeros(2, 3);
    assertThrows(ShapeException.class, () -> tensor.offset(2, 0));
    assertThrows(ShapeException.class, () -> tensor.offset(0, -1));
    assertThrows(ShapeException.class, () -> tensor.offset(1));
  }

  @Test
  void bitEqualityTellsZerosApartAndKnowsNaN() {
    Tensor zero = Tensor.of(Shape.of(1), 0f);
    assertFalse(zero.bitEquals(Tensor.of(Shape.of(1), -0f)));
    assertFalse(zero.bitEquals(Tensor.zeros(1, 1)));
    assertFalse(zero.bitEquals(Tensor.zeros(DType.F64, Shape.of(1))));
    Tensor nan = Tensor.of(Shape.of(1), Float.NaN);
    assertTrue(nan.bitEquals(nan.copy()));
  }

  @Test
  void theTextShowsTypeShapeAndTheFirstElements() {
    assertEquals("F32[2] {1.0, 2.5}", Tensor.of(Shape.of(2), 1f, 2.5f).toString());
    assertTrue(Tensor.zeros(20).toString().endsWith("...}"));
    assertEquals("I32[2] {1, 2}", Tensor.indices(1, 2).toString());
  }
}
