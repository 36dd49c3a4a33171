package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PaddingTest {
  @Test
  void sameGivesTheSmallerHalfInFront() {
    assertEquals(3, Padding.SAME.before(20, 8, 1, 1));
    assertEquals(7, Padding.SAME.total(20, 8, 1, 1));
    assertEquals(20, Padding.SAME.output("conv1d", 20, 8, 1, 1));
    assertEquals(4, Padding.SAME.before(9, 5, 1, 2));
  }

  @ParameterizedTest
  @CsvSource({"6,3,2,1,0,1,3", "9,4,2,1,1,3,5", "7,3,1,1,1,2,7", "5,1,2,1,0,0,3", "8,3,2,2,1,3,4"})
  void kerasSamePadsAsLittleAsItTakes(
      int input, int kernel, int stride, int dilation, int before, int total, int output) {
    assertEquals(before, Padding.TF_SAME.before(input, kernel, stride, dilation));
    assertEquals(total, Padding.TF_SAME.total(input, kernel, stride, dilation));
    assertEquals(output, Padding.TF_SAME.output("conv2d", input, kernel, stride, dilation));
  }

  @Test
  void numbersAreTakenAsTheyAre() {
    assertEquals(5, Padding.of(2, 0).output("conv1d", 5, 3, 1, 1));
    assertEquals(2, Padding.of(2, 0).before(5, 3, 1, 1));
    assertEquals("2+0", Padding.of(2, 0).toString());
    assertEquals("1", Padding.of(1).toString());
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Padding.of(-1));
    ShapeException none =
        assertThrows(ShapeException.class, () -> Padding.VALID.output("conv2d", 4, 3, 1, 2));
    assertEquals(
        "conv2d: no window of kernel 3 and dilation 2 fits an axis of 4 with padding 0; pad more",
        none.getMessage());
    assertThrows(ShapeException.class, () -> Padding.VALID.output("conv2d", 4, 0, 1, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> ConvOptions.DEFAULT.withStride(2).withPadding(Padding.SAME));
  }
}
