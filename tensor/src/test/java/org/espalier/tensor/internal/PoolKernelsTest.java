package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.PoolGeometry;
import org.junit.jupiter.api.Test;

/** Compares pooling and its gradients. */
class PoolKernelsTest extends KernelTwin {
  static PoolGeometry window(
      int batch, int h, int w, int channels, int size, int stride, int dilation, int pad) {
    int[][] rows = windows(h, size, stride, dilation, pad);
    int[][] columns = windows(w, size, stride, dilation, pad);
    return new PoolGeometry(
        batch,
        h,
        w,
        channels,
        rows[0],
        rows[1],
        rows[2],
        dilation,
        columns[0],
        columns[1],
        columns[2],
        dilation);
  }

  private static int[][] windows(int length, int size, int stride, int dilation, int pad) {
    int count = (length + 2 * pad - dilation * (size - 1) - 1) / stride + 1;
    int[][] windows = new int[3][count];
    for (int o = 0; o < count; o++) {
      int start = o * stride - pad;
      windows[1][o] = Math.min(length, start + dilation * (size - 1) + 1);
      while (start < 0) {
        start += dilation;
      }
      windows[0][o] = start;
      windows[2][o] = size;
    }
    return windows;
  }

  static PoolGeometry[] pools() {
    return new PoolGeometry[] {
      window(2, 8, 8, 3, 2, 2, 1, 0),
      window(2, 28, 28, 6, 2, 2, 1, 0),
      window(2, 12, 13, 1, 2, 2, 1, 0),
      window(2, 9, 7, 10, 3, 2, 1, 1),
      window(1, 9, 9, 19, 3, 1, 2, 2),
      window(2, 5, 6, 43, 5, 5, 1, 0),
      window(1, 6, 6, 64, 3, 1, 1, 1),
      window(1, 4, 4, 207, 4, 4, 1, 0),
      new PoolGeometry(
          2,
          4,
          3,
          17,
          new int[] {0, 2, 4},
          new int[] {1, 4, 4},
          new int[] {1, 2, 1},
          1,
          new int[] {0},
          new int[] {3},
          new int[] {3},
          1)
    };
  }

  @Test
  void poolingAgrees() {
    for (PoolGeometry g : pools()) {
      Tensor x = draw(g.batch(), g.height(), g.width(), g.channels());
      Tensor dy = draw(g.batch(), g.outHeight(), g.outWidth(), g.channels());
      Tensor index = Tensor.full(DType.I32, dy.shape(), -7);
      Tensor expectedIndex = Tensor.full(DType.I32, dy.shape(), -7);
      REFERENCE.maxPool(g, x, dirty(dy.shape().sizes()), expectedIndex);
      twin(1, dy.shape(), (k, y) -> k.maxPool(g, x, y, index), x);
      assertTrue(index.bitEquals(expectedIndex));
      twin(25, x.shape(), (k, dx) -> k.maxPoolGrad(g, dy, index, dx), dy, index);
      twin(25, dy.shape(), (k, y) -> k.averagePool(g, x, y), x);
      twin(25, x.shape(), (k, dx) -> k.averagePoolGrad(g, dy, dx), dy);
    }
  }

  @Test
  void theFirstOfEqualsAndTheFirstNaNWinAMaxPool() {
    for (int channels : new int[] {1, 3, 20, 64}) {
      PoolGeometry g = window(1, 4, 4, channels, 4, 4, 1, 0);
      Tensor x = Tensor.zeros(4, 4, channels);
      x.set(0, -0.0);
      Tensor y = dirty(channels);
      Tensor index = Tensor.full(DType.I32, Shape.of(channels), -7);
      kernels().maxPool(g, x, y, index);
      assertEquals(0, index.get(0));
      x.set(5 * channels, Double.NaN);
      x.set(9 * channels, Double.NaN);
      x.set(12 * channels, Double.POSITIVE_INFINITY);
      kernels().maxPool(g, x, y, index);
      assertTrue(Double.isNaN(y.get(0)));
      assertEquals(5, index.get(0));
      x.fill(Double.NEGATIVE_INFINITY);
      kernels().maxPool(g, x, y, index);
      assertEquals(0, index.get(0), "minus infinity is a number like any other");
    }
  }
}
