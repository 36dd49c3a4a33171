package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.kernel.ConvGeometry;

/** Tests that the sweeps of {@link WindowAxis} meet each pair of positions exactly once. */
class WindowAxisTest {
  /** Collects input, output and tap of everything an axis reads, as text. */
  private static void collect(WindowAxis axis, boolean reversed, Set<String> pairs) {
    for (int o = 0; o < axis.outputs(); o++) {
      for (int t = 0; t < axis.taps(); t++) {
        int read = o * axis.stride() + t * axis.dilation() - axis.pad();
        if (read >= 0 && read < axis.source()) {
          int tap = axis.firstTap() + t * axis.tapStep();
          int input = reversed ? axis.place(o) : read;
          int output = reversed ? read : axis.place(o);
          if (!pairs.add(input + " " + output + " " + tap)) {
            throw new AssertionError("met twice: " + input + " " + output + " " + tap);
          }
        }
      }
    }
  }

  @Property(tries = 500)
  void reversedSweepsMeetTheSamePairsOnce(
      @ForAll @IntRange(min = 1, max = 15) int size,
      @ForAll @IntRange(min = 1, max = 6) int kernel,
      @ForAll @IntRange(min = 1, max = 5) int stride,
      @ForAll @IntRange(min = 1, max = 4) int dilation,
      @ForAll @IntRange(min = 0, max = 5) int pad) {
    int spare = size + 2 * pad - dilation * (kernel - 1) - 1;
    Assume.that(spare >= 0);
    int outputs = spare / stride + 1;
    WindowAxis forward =
        WindowAxis.columns(
            new ConvGeometry(
                1, 1, size, 1, 1, outputs, 1, 1, kernel, 1, stride, 1, dilation, 0, pad, 1));
    Set<String> expected = new TreeSet<>();
    collect(forward, false, expected);
    Set<String> actual = new TreeSet<>();
    int positions = 0;
    for (WindowAxis phase : forward.reversed()) {
      assertEquals(1, phase.stride());
      positions += phase.outputs();
      collect(phase, true, actual);
    }
    assertEquals(size, positions);
    assertEquals(expected, actual);
  }
}
