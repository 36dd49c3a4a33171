package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Locale;
import org.junit.jupiter.api.Test;

class FiguresTest {
  @Test
  void figuresAreTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.GERMANY);
    try {
      assertEquals("1,234,567", Figures.count(1_234_567));
      assertEquals("93.55 %", Figures.percent(0.93551));
      assertEquals("0.123", Figures.decimal(0.12345, 3));
      assertEquals("1.5e-07", Figures.scientific(1.5e-7));
      assertEquals("0.416 ms", Figures.milliseconds(0.41649));
      assertEquals("1.83 ms", Figures.milliseconds(1.834));
      assertEquals("36.3 ms", Figures.milliseconds(36.34));
      assertEquals("128 ms", Figures.milliseconds(128.4));
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void durationsCarry() {
    assertEquals("0:00", Figures.duration(0.4));
    assertEquals("1:00", Figures.duration(59.7));
    assertEquals("1:00:00", Figures.duration(3599.6));
    assertEquals("2:01:05", Figures.duration(7265));
  }
}
