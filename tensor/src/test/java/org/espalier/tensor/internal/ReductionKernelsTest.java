package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares reductions, and what normalisations are made of. */
class ReductionKernelsTest extends KernelTwin {
  @ParameterizedTest
  @EnumSource(Reduction.class)
  void reductionsAgree(Reduction reduction) {
    for (Span span : spans()) {
      Tensor x = draw(span.outer(), span.middle(), span.inner());
      Shape companion = Shape.of(span.outer(), span.inner());
      twin(span.middle(), companion, (k, y) -> k.reduce(reduction, x, span, y), x);
    }
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void reductionsOfNothingAndOfNaNKeepTheirMeaning(Reduction reduction) {
    Tensor y = dirty(5);
    kernels().reduce(reduction, Tensor.zeros(0, 5), new Span(1, 0, 5), y);
    double nothing =
        switch (reduction) {
          case SUM -> 0;
          case MEAN -> Double.NaN;
          case MAX -> Double.NEGATIVE_INFINITY;
        };
    assertEquals(nothing, y.get(4));
    for (int inner : new int[] {1, 5}) {
      for (int at = 0; at < 40; at++) {
        Tensor x = draw(40, inner);
        x.set(at * inner, Double.NaN);
        Tensor result = dirty(inner);
        kernels().reduce(reduction, x, new Span(1, 40, inner), result);
        assertTrue(Double.isNaN(result.get(0)), reduction + " lost NaN at " + at);
      }
    }
  }

  @Test
  void normalisationKernelsAgree() {
    for (Span span : spans()) {
      Tensor x = draw(span.outer(), span.middle(), span.inner());
      Tensor y = draw(span.outer(), span.middle(), span.inner());
      Tensor a = draw(span.outer(), span.inner());
      Tensor b = draw(span.outer(), span.inner());
      Tensor c = draw(span.outer(), span.inner());
      Shape full = x.shape();
      Shape companion = a.shape();
      int m = span.middle();
      twin(1, full, (k, out) -> k.scaleShift(x, a, b, span, false, out), x, a, b);
      twin(1, full, (k, out) -> k.scaleShift(x, a, null, span, false, out), x, a);
      twin(1, full, (k, out) -> k.scaleShift(x, null, b, span, false, out), x, b);
      twin(1, full, (k, out) -> k.scaleShift(x, a, b, span, true, out), x, a, b);
      twin(1, full, (k, out) -> k.combine(x, a, y, b, c, null, span, out), x, a, y, b, c);
      twin(1, full, (k, out) -> k.combine(x, a, y, b, c, c, span, out), x, a, y, b, c);
      twin(m, companion, (k, out) -> k.moments(x, span, out, dirty(companion.sizes())), x);
      twin(m, companion, (k, out) -> k.moments(x, span, dirty(companion.sizes()), out), x);
      Tensor rest = dirty(companion.sizes());
      for (Tensor shift : new Tensor[] {null, c}) {
        Tensor scale = shift == null ? null : b;
        twin(
            m,
            companion,
            (k, out) -> k.normSums(y, x, a, b, scale, shift, span, out, rest),
            x,
            y,
            a,
            b,
            c);
        twin(
            m,
            companion,
            (k, out) -> k.normSums(y, x, a, b, scale, shift, span, rest, out),
            x,
            y,
            a,
            b,
            c);
      }
    }
  }

  @Test
  void gradientsPassExactlyWhereTheRectifierWasOpen() {
    for (int channels : new int[] {3, 10, 16, 19, 64, 128}) {
      Span span = new Span(1, 700, channels);
      Tensor x = draw(700, channels);
      Tensor scale = draw(channels);
      Tensor shift = draw(channels);
      for (int i = 0; i < 350 * channels; i++) {
        // Here the sum is 0 but for its rounding: one arithmetic must decide there and back.
        x.set(i, -shift.get(i % channels) / scale.get(i % channels));
      }
      Tensor y = dirty(700, channels);
      kernels().scaleShift(x, scale, shift, span, true, y);
      Tensor dx = dirty(700, channels);
      Tensor zero = Tensor.zeros(channels);
      Tensor ones = Tensor.full(DType.F32, y.shape(), 1);
      kernels().combine(ones, scale, x, zero, zero, shift, span, dx);
      Tensor sum = dirty(channels);
      kernels().normSums(ones, x, zero, zero, scale, shift, span, sum, dirty(channels));
      double[] open = new double[channels];
      for (int i = 0; i < y.count(); i++) {
        assertEquals(y.get(i) > 0 ? scale.get(i % channels) : 0, dx.get(i), "element " + i);
        open[i % channels] += y.get(i) > 0 ? 1 : 0;
      }
      for (int i = 0; i < channels; i++) {
        assertEquals(open[i], sum.get(i), "channel " + i);
      }
    }
  }

  @Test
  void varianceSurvivesALargeMean() {
    Span span = new Span(1, 5000, 3);
    Tensor x = draw(5000, 3);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, 4000 + x.get(i));
    }
    Tensor expected = dirty(3);
    REFERENCE.moments(x, span, dirty(3), expected);
    Tensor actual = dirty(3);
    kernels().moments(x, span, dirty(3), actual);
    close(expected, actual, 5000);
  }

  @Test
  void momentsAreRightWhereDeviationsAreTinyAgainstTheMean() {
    for (int channels : new int[] {1, 3, 16, 19, 64}) {
      int rows = 200_000 / channels;
      Tensor x = draw(rows, channels);
      for (int i = 0; i < x.count(); i++) {
        x.set(i, 1000 + 1e-2 * x.get(i));
      }
      momentsAreRight(x, rows, channels);
    }
  }

  @Test
  void momentsAreRightWhereBlocksBeginWithWhatIsFarFromTheRest() {
    int channels = 16;
    int rows = 16_384;
    Tensor x = draw(rows, channels);
    for (int i = 0; i < x.count(); i++) {
      // Blocks are of 2^15 elements or a few more; each begins with a stretch near -1000.
      x.set(i, i % (1 << 15) < 512 ? -1000 : 1000 + 1e-2 * x.get(i));
    }
    momentsAreRight(x, rows, channels);
  }

  @Test
  void aConstantHasNoVariance() {
    Tensor x = Tensor.full(DType.F32, Shape.of(9000, 3), 0.1f);
    Tensor variance = dirty(3);
    kernels().moments(x, new Span(1, 9000, 3), dirty(3), variance);
    for (int i = 0; i < 3; i++) {
      assertTrue(variance.get(i) >= 0 && variance.get(i) < 1e-14, "variance " + variance.get(i));
    }
  }

  private void momentsAreRight(Tensor x, int rows, int channels) {
    Span span = new Span(1, rows, channels);
    Tensor[] expected = {dirty(channels), dirty(channels)};
    Tensor[] actual = {dirty(channels), dirty(channels)};
    REFERENCE.moments(x, span, expected[0], expected[1]);
    kernels().moments(x, span, actual[0], actual[1]);
    for (int i = 0; i < channels; i++) {
      double deviation = Math.sqrt(expected[1].get(i));
      double ulp = Math.ulp((float) expected[0].get(i));
      assertEquals(expected[0].get(i), actual[0].get(i), Math.max(ulp, 1e-6 * deviation));
      assertEquals(expected[1].get(i), actual[1].get(i), 1e-5 * expected[1].get(i));
    }
  }

  @Test
  void outputsMayShareAnInputWhereTheInterfaceSaysSo() {
    Span span = new Span(1, 90, 19);
    Tensor x = draw(90, 19);
    Tensor y = draw(90, 19);
    Tensor a = draw(19);
    Tensor b = draw(19);
    Tensor c = draw(19);
    Tensor expected = dirty(90, 19);
    kernels().combine(x, a, y, b, c, null, span, expected);
    Tensor sharedY = y.copy();
    kernels().combine(x, a, sharedY, b, c, null, span, sharedY);
    assertTrue(expected.bitEquals(sharedY));
    Tensor sharedX = x.copy();
    kernels().combine(sharedX, a, y, b, c, null, span, sharedX);
    assertTrue(expected.bitEquals(sharedX));
    kernels().scaleShift(x, a, b, span, false, expected);
    sharedX.copyFrom(x);
    kernels().scaleShift(sharedX, a, b, span, false, sharedX);
    assertTrue(expected.bitEquals(sharedX));
  }
}
