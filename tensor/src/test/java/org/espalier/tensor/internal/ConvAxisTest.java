package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.kernel.ConvGeometry;
import org.junit.jupiter.api.Test;

class ConvAxisTest {
  private static ConvAxis axis(int in, int kernel, int stride, int dilation, int pad) {
    int out = (in + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    return ConvAxis.columns(
        new ConvGeometry(1, 1, in, 1, 1, out, 1, 1, kernel, 1, stride, 1, dilation, 0, pad, 1));
  }

  @Property(tries = 300)
  void backwardsReadsExactlyWhatForwardsWrites(
      @ForAll @IntRange(min = 1, max = 12) int in,
      @ForAll @IntRange(min = 1, max = 4) int kernel,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll @IntRange(min = 1, max = 3) int dilation,
      @ForAll @IntRange(min = 0, max = 4) int pad) {
    Assume.that(in + 2 * pad - dilation * (kernel - 1) > 0);
    ConvAxis forward = axis(in, kernel, stride, dilation, pad);
    ConvAxis backward = forward.reversed();
    for (int tap = 0; tap < kernel; tap++) {
      for (int to = 0; to < forward.destination(); to++) {
        int from = forward.read(to, tap);
        if (from >= 0) {
          assertEquals(to, backward.read(from, tap));
          assertTrue(backward.meets(from % stride, tap));
        }
      }
      for (int from = 0; from < in; from++) {
        int to = backward.read(from, tap);
        if (to >= 0) {
          assertEquals(from, forward.read(to, tap));
        }
      }
    }
  }

  @Test
  void paddingReadsNothing() {
    ConvAxis axis = axis(5, 3, 1, 1, 1);
    assertEquals(-1, axis.read(0, 0));
    assertEquals(0, axis.read(0, 1));
    assertEquals(4, axis.read(4, 1));
    assertEquals(-1, axis.read(4, 2));
  }
}
