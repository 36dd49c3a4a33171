package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.espalier.cli.SaveInterval.Unit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SaveIntervalTest {
  @Test
  void secondsAndStepsAreTold() {
    assertEquals(new SaveInterval(60, Unit.SECONDS), SaveInterval.parse("60"));
    assertEquals(new SaveInterval(5, Unit.SECONDS), SaveInterval.parse("5s"));
    assertEquals(new SaveInterval(100, Unit.STEPS), SaveInterval.parse("100steps"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "-1", "1.5", "steps", "5 steps", "5m", "99999999999"})
  void anythingElseIsRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> SaveInterval.parse(text));
  }
}
