package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SoftPruningTest {
  private static SoftPruning parse(Kind kind, String text) {
    return SoftPruning.parse(kind, Words.of("--prune", text));
  }

  @Test
  void wordsAreRead() {
    assertEquals(new SoftPruning(Kind.SFP, 0.4), parse(Kind.SFP, "sfp:0.4"));
    assertEquals(new SoftPruning(Kind.ASFP, 0.25), parse(Kind.ASFP, "ASFP:ratio=0.25"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sfp", "sfp:", "sfp:1", "sfp:-0.1", "sfp:NaN", "sfp:0.3:2", "sfp:0.3,x"})
  void otherWordsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> parse(Kind.SFP, words));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 1", "6, 1", "11, 1", "12, 2", "60, 10"})
  void theZerosAreHeldInTheLastSixthOfTheEpochs(int epochs, int held) {
    assertEquals(held, parse(Kind.SFP, "sfp:0.4").held(epochs));
  }

  @Test
  void itSaysWhatItDoes() {
    SoftPruning pruning = parse(Kind.ASFP, "asfp:0.30");
    assertEquals("asfp:0.3, zeros held in the last 2 epochs", pruning.describe(12));
    assertEquals("asfp:0.3, zeros held in the last epoch", pruning.describe(2));
    assertEquals("asfp:0.3", pruning.describe(1));
    assertEquals("asfp:0.3, zeros held in the last sixth of the epochs", pruning.describe(0));
  }
}
