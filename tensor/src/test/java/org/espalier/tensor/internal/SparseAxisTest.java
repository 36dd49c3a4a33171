package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SparseAxisTest {
  @Property(tries = 300)
  void everyTapReadsItsInputOrAZero(
      @ForAll @IntRange(min = 1, max = 12) int source,
      @ForAll @IntRange(min = 1, max = 6) int taps,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll @IntRange(min = 1, max = 3) int dilation,
      @ForAll @IntRange(min = 0, max = 6) int pad) {
    int outputs = (source + 2 * pad - dilation * (taps - 1) - 1) / stride + 1;
    if (source + 2 * pad <= dilation * (taps - 1)) {
      return;
    }
    SparseAxis axis = new SparseAxis(source, outputs, taps, stride, dilation, pad);
    for (int tap = 0; tap < taps; tap++) {
      for (int output = 0; output < outputs; output++) {
        int input = output * stride - pad + tap * dilation;
        int place = output + axis.shift(tap);
        assertEquals(input, axis.phase(tap) + stride * place);
        boolean inside = input >= 0 && input < source;
        assertEquals(inside, place >= 0 && place < axis.length(axis.phase(tap)));
        // Zeros before a line are those behind the one before; nothing reaches the next line.
        assertTrue(place >= axis.length(axis.phase(tap)) - axis.pitch(), "before the zeros");
        assertTrue(place < axis.pitch(), "behind the zeros");
      }
    }
  }
}
