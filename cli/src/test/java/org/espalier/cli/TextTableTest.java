package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class TextTableTest {
  @Test
  void columnsAreAlignedAndNothingTrails() {
    TextTable table =
        new TextTable("", "MACs", "share").row("dense", "12,239", "").row("a", "1", "2 %");
    assertEquals(
        List.of(
            "         MACs  share",
            "--------------------",
            "dense  12,239",
            "a           1    2 %"),
        table.toString().lines().toList());
    assertEquals(3, table.rows().size());
  }

  @Test
  void aRowOfAnotherLengthIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new TextTable("a", "b").row("1"));
  }
}
