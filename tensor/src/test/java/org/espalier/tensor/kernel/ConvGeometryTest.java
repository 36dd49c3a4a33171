package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ConvGeometryTest {
  private static ConvGeometry geometry(
      int in, int out, int kernel, int stride, int pad, int groups) {
    int size = (8 + 2 * pad - kernel) / stride + 1;
    return new ConvGeometry(
        2, 8, 8, in, size, size, out, kernel, kernel, stride, stride, 1, 1, pad, pad, groups);
  }

  @Test
  void multiplyAccumulatesCountEveryWindowPosition() {
    assertEquals(2L * 64 * 16 * 9 * 3, geometry(3, 16, 3, 1, 1, 1).macs());
    assertEquals(2L * 64 * 16 * 9 * 2, geometry(8, 16, 3, 1, 1, 4).macs());
  }

  @Test
  void groupsShareTheChannelsOut() {
    ConvGeometry g = geometry(12, 18, 3, 1, 1, 3);
    assertEquals(4, g.groupIn());
    assertEquals(6, g.groupOut());
    assertFalse(g.isDepthwise());
    assertTrue(geometry(6, 12, 3, 1, 1, 6).isDepthwise());
    assertFalse(geometry(1, 12, 3, 1, 1, 1).isDepthwise());
  }

  @Test
  void onlyAPlainMatrixProductIsPointwise() {
    assertTrue(geometry(6, 12, 1, 1, 0, 1).isPointwise());
    assertFalse(geometry(6, 12, 1, 2, 0, 1).isPointwise());
    assertFalse(geometry(6, 12, 1, 1, 1, 1).isPointwise());
    assertFalse(geometry(6, 12, 1, 1, 0, 2).isPointwise());
    assertFalse(geometry(6, 12, 3, 1, 1, 1).isPointwise());
  }
}
