package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
      twin(1, full, (k, out) -> k.combine(x, y, a, x, b, c, span, out), x, a, y, b, c);
      twin(1, full, (k, out) -> k.combine(x, null, a, y, b, c, span, out), x, a, y, b, c);
      twin(m, companion, (k, out) -> k.moments(x, span, out, dirty(companion.sizes())), x);
      twin(m, companion, (k, out) -> k.moments(x, span, dirty(companion.sizes()), out), x);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, null, x, a, b, span, out, dirty(companion.sizes())),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, x, x, a, b, span, out, dirty(companion.sizes())),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, x, x, a, b, span, dirty(companion.sizes()), out),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, null, x, a, b, span, dirty(companion.sizes()), out),
          x,
          y,
          a,
          b);
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
  void outputsMayShareAnInputWhereTheInterfaceSaysSo() {
    Span span = new Span(1, 90, 19);
    Tensor x = draw(90, 19);
    Tensor y = draw(90, 19);
    Tensor a = draw(19);
    Tensor b = draw(19);
    Tensor c = draw(19);
    Tensor expected = dirty(90, 19);
    kernels().combine(x, null, a, y, b, c, span, expected);
    Tensor sharedY = y.copy();
    kernels().combine(x, null, a, sharedY, b, c, span, sharedY);
    assertTrue(expected.bitEquals(sharedY));
    Tensor sharedX = x.copy();
    kernels().combine(sharedX, null, a, y, b, c, span, sharedX);
    assertTrue(expected.bitEquals(sharedX));
    kernels().scaleShift(x, a, b, span, false, expected);
    sharedX.copyFrom(x);
    kernels().scaleShift(sharedX, a, b, span, false, sharedX);
    assertTrue(expected.bitEquals(sharedX));
  }
}
