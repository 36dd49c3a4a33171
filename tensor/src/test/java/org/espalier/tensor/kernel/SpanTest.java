package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class SpanTest {
  private static final Shape SHAPE = Shape.of(2, 3, 4, 5);

  @Test
  void someAxesBecomeTheMiddle() {
    assertEquals(new Span(2, 12, 5), Span.of(SHAPE, 1, 3));
    assertEquals(new Span(1, 120, 1), Span.of(SHAPE, 0, 4));
    assertEquals(new Span(24, 5, 1), Span.of(SHAPE, 3, 4));
  }

  @Test
  void channelsAreTheLastAxis() {
    assertEquals(new Span(1, 24, 5), Span.channels(SHAPE));
    assertEquals(new Span(1, 0, 0), Span.channels(Shape.of(3, 0)));
  }

  @Test
  void countsAreProducts() {
    Span span = new Span(2, 12, 5);
    assertEquals(120, span.count());
    assertEquals(10, span.companion());
    assertEquals(120, Span.equal(SHAPE).companion());
  }
}
