package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicIntegerArray;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.api.Test;

class SpanWalkTest {
  /** Numbers its elements: the companion of position p is p + 1. */
  private static float[] companions(Span span) {
    float[] companions = new float[span.companion()];
    for (int i = 0; i < companions.length; i++) {
      companions[i] = i + 1;
    }
    return companions;
  }

  private static int companionOf(Span span, int element) {
    return element / (span.middle() * span.inner()) * span.inner() + element % span.inner();
  }

  @Property(tries = 200)
  void everyElementMeetsItsCompanionOnce(
      @ForAll @IntRange(min = 0, max = 5) int outer,
      @ForAll @IntRange(min = 0, max = 3000) int middle,
      @ForAll @IntRange(min = 1, max = 40) int inner) {
    checkEach(new Span(outer, middle, inner));
  }

  @Test
  void longRowsAreWalkedInParts() {
    checkEach(new Span(2, 3, SpanWalk.LENGTH * 2 + 1));
    checkEach(new Span(2, 3, SpanWalk.PERIODIC * 2 + 1));
    checkEach(new Span(1, 1, SpanWalk.LENGTH));
    checkEach(new Span(1, 40_000, 1));
  }

  @Test
  void longStretchesAreWalkedAtOnceWhereLoopsArePeriodic() {
    checkEach(new Span(1, 70_000, 2));
    checkEach(new Span(1, 5000, 64));
  }

  private static void checkEach(Span span) {
    checkEach(span, false);
    checkEach(span, true);
  }

  private static void checkEach(Span span, boolean periodic) {
    AtomicIntegerArray visits = new AtomicIntegerArray(span.count());
    SpanWalk.each(
        span,
        periodic,
        (at, length, period, companions, scratch) -> {
          assertNull(companions[1]);
          assertTrue(period == length || period % 16 == 0, "period " + period);
          assertTrue(periodic || scratch[0].length >= length);
          for (int i = 0; i < length; i++) {
            visits.incrementAndGet(at + i);
            int position = periodic ? i % period : i;
            assertEquals(companionOf(span, at + i) + 1, companions[0][position]);
          }
        },
        companions(span),
        null);
    for (int i = 0; i < span.count(); i++) {
      assertEquals(1, visits.get(i), "element " + i);
    }
  }

  @Property(tries = 200)
  void sumsOfOnesCountTheMiddleAxis(
      @ForAll @IntRange(min = 1, max = 4) int outer,
      @ForAll @IntRange(min = 0, max = 9000) int middle,
      @ForAll @IntRange(min = 1, max = 30) int inner,
      @ForAll boolean periodic) {
    Span span = new Span(outer, middle, inner);
    SpanWalk.Fold fold =
        (at, length, period, results, companions, scratch) -> {
          for (int i = 0; i < length; i++) {
            results[0][i % period] += 1;
            results[1][i % period] += companions[0][i % period];
          }
        };
    double[][] sums = SpanWalk.reduce(span, 2, false, periodic, fold, companions(span));
    for (int i = 0; i < span.companion(); i++) {
      assertEquals(middle, sums[0][i]);
      assertEquals((double) middle * (i + 1), sums[1][i], 1e-6 * middle * (i + 1));
    }
  }

  @Property(tries = 100)
  void momentsOfNumberedRowsAreThoseOfTheNumbers(
      @ForAll @IntRange(min = 1, max = 3) int outer,
      @ForAll @IntRange(min = 1, max = 9000) int middle,
      @ForAll @IntRange(min = 1, max = 30) int inner,
      @ForAll boolean periodic) {
    Span span = new Span(outer, middle, inner);
    SpanWalk.Fold sum =
        (at, length, period, results, companions, scratch) -> {
          for (int i = 0; i < length; i++) {
            results[0][i % period] += value(span, at + i);
          }
        };
    SpanWalk.Fold deviations =
        (at, length, period, results, companions, scratch) -> {
          for (int i = 0; i < length; i++) {
            float deviation = value(span, at + i) - companions[0][i % period];
            results[0][i % period] += deviation;
            results[1][i % period] += deviation * deviation;
          }
        };
    double[][] moments = SpanWalk.moments(span, periodic, sum, deviations);
    for (int i = 0; i < span.companion(); i++) {
      assertEquals((middle - 1) / 2.0 + i, moments[0][i], 1e-4 * middle);
      double variance = ((double) middle * middle - 1) / 12;
      assertEquals(variance, moments[1][i], 1e-4 * variance);
    }
  }

  /** Returns the number of an element's row plus that of its companion. */
  private static float value(Span span, int element) {
    return element / span.inner() % span.middle() + companionOf(span, element);
  }

  @Test
  void maximaOfNothingAreMinusInfinity() {
    double[][] result =
        SpanWalk.reduce(new Span(1, 0, 2), 1, true, true, (at, n, period, results, c, s) -> {});
    assertEquals(Double.NEGATIVE_INFINITY, result[0][1]);
  }
}
