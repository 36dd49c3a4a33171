package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PoolWindowTest {
  private static PoolWindow.Fixed window(int kernel, int stride, int padding, boolean ceil) {
    return new PoolWindow.Fixed(kernel, stride, padding, 1, ceil, true);
  }

  @Test
  void ceilModeKeepsAWindowThatHangsOver() {
    assertEquals(2, window(2, 2, 0, false).output("pool", 5));
    assertEquals(3, window(2, 2, 0, true).output("pool", 5));
    assertEquals(5, window(2, 2, 0, true).end(2, 5));
    // It counts only what lies in the padded input.
    assertEquals(1, window(2, 2, 0, true).count(2, 5));
  }

  @Test
  void ceilModeDropsAWindowThatWouldBeginInThePaddingBehind() {
    assertEquals(2, window(2, 3, 1, true).output("pool", 4));
    assertEquals(3, window(2, 3, 1, true).output("pool", 6));
  }

  @Test
  void dilatedWindowsBeginAtARealElement() {
    PoolWindow dilated = new PoolWindow.Fixed(3, 1, 1, 2, false, true);
    assertEquals(1, dilated.start(0, 7));
    assertEquals(4, dilated.end(0, 7));
    assertEquals(2, dilated.step());
  }

  @Test
  void adaptiveWindowsCoverTheAxis() {
    PoolWindow adaptive = new PoolWindow.Adaptive(4);
    int[] starts = {0, 2, 5, 7};
    int[] ends = {3, 5, 8, 10};
    for (int i = 0; i < 4; i++) {
      assertEquals(starts[i], adaptive.start(i, 10));
      assertEquals(ends[i], adaptive.end(i, 10));
    }
  }

  @Test
  void averagesOfAConstantAreTheConstantWherePaddingIsNotCounted() {
    Var x = Var.constant(Tensor.full(DType.F32, Shape.of(1, 5, 7, 2), 3));
    PoolOptions options =
        PoolOptions.kernel(3, 4).withStride(2).withPadding(1, 2).withCountIncludePad(false);
    Tensor y = Ops.averagePool2d(x, options.withCeilMode(true)).value();
    for (int i = 0; i < y.count(); i++) {
      assertEquals(3, y.get(i), 1e-6);
    }
  }

  @Test
  void notANumberWinsEveryWindow() {
    Tensor x = Tensor.of(Shape.of(1, 4, 1), 1f, Float.NaN, 5f, 2f);
    Tensor y = Ops.maxPool1d(Var.constant(x), PoolOptions.kernel(2)).value();
    assertEquals(Double.NaN, y.get(0));
    assertEquals(5, y.get(1));
  }

  @Test
  void whatCannotBeIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> window(0, 1, 0, false));
    assertThrows(IllegalArgumentException.class, () -> window(2, 0, 0, false));
    assertThrows(IllegalArgumentException.class, () -> window(3, 1, 2, false));
    assertThrows(IllegalArgumentException.class, () -> new PoolWindow.Adaptive(0));
    assertThrows(IllegalArgumentException.class, () -> PoolOptions.kernel(2).withDilation(0));
    Var x = Var.constant(Tensor.zeros(1, 2, 2, 1));
    assertThrows(ShapeException.class, () -> Ops.maxPool2d(x, PoolOptions.kernel(3)));
    PoolOptions dilated = PoolOptions.kernel(2).withDilation(2);
    assertThrows(IllegalArgumentException.class, () -> Ops.averagePool2d(x, dilated));
    assertThrows(ShapeException.class, () -> Ops.maxPool1d(x, PoolOptions.kernel(1)));
  }
}
