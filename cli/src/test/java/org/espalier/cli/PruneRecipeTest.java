package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruneRecipeTest {
  @Test
  void recipesAreRead() {
    assertEquals(new PruneRecipe(PruneRecipe.Method.SFP, 0.4), PruneRecipe.parse("sfp:0.4"));
    assertEquals(new PruneRecipe(PruneRecipe.Method.ASFP, 0.25), PruneRecipe.parse("ASFP:0.25"));
    assertFalse(PruneRecipe.parse("none").isSoft());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "sfp",
        "sfp:",
        "sfp:1",
        "sfp:-0.1",
        "sfp:NaN",
        "l1:0.3",
        "sfp:0.3:2",
        "rls:1",
        "rls:0.2,firsst=1"
      })
  void otherWordsAreRefused(String words) {
    assertThrows(IllegalArgumentException.class, () -> PruneRecipe.parse(words));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 1", "6, 1", "11, 1", "12, 2", "60, 10"})
  void theZerosAreHeldInTheLastSixthOfTheEpochs(int epochs, int held) {
    assertEquals(held, PruneRecipe.parse("sfp:0.4").held(epochs));
    assertEquals(0, PruneRecipe.parse("none").held(epochs));
  }

  @Test
  void itSaysWhatItDoes() {
    PruneRecipe recipe = PruneRecipe.parse("asfp:0.30");
    assertEquals("asfp:0.3, zeros held in the last 2 epochs", recipe.describe(12));
    assertEquals("asfp:0.3, zeros held in the last epoch", recipe.describe(2));
    assertEquals("asfp:0.3", recipe.describe(1));
    assertEquals("asfp:0.3, zeros held in the last sixth of the epochs", recipe.describe(0));
    assertEquals(
        "rls:0.2, inputs pruned whenever the loss has recovered",
        PruneRecipe.parse("rls:0.2,first=3").describe(12));
    assertEquals("no pruning", PruneRecipe.parse("none").describe(12));
  }
}
