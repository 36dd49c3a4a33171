package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptimizerRecipeTest {
  private static Map<String, Object> described(String text) {
    OptimizerRecipe recipe = OptimizerRecipe.parse(text);
    return recipe.optimizer(recipe.usualRate(), recipe.usualWeightDecay()).describe();
  }

  @Test
  void gradientDescentLooksAheadAndFallsUnlessToldOtherwise() {
    Map<String, Object> usual = described("sgd");
    assertEquals(0.1, usual.get("rate"));
    assertEquals(0.9, usual.get("momentum"));
    assertEquals(true, usual.get("nesterov"));
    assertEquals(5e-4, usual.get("weightDecay"));
    assertEquals(false, described("sgd:momentum=0").get("nesterov"));
    assertEquals(0, OptimizerRecipe.parse("sgd").schedule(2, 10).rate(1, 9, 9), 0.1);
    assertEquals(1, OptimizerRecipe.parse("sgd:schedule=constant").schedule(2, 10).rate(1, 9, 9));
  }

  @Test
  void leastSquaresTakeAllTheirOptions() {
    assertEquals(0.0, described("rls").get("momentum"));
    Map<String, Object> all =
        described(
            "RLS:momentum=0.5,average=0.2,forgetting=0.99,initial=2,max-inputs=100,blocks,strict,companion-rate=0.02");
    assertEquals("rls", all.get("optimizer"));
    assertEquals(1.0, all.get("gradientScale"));
    assertEquals(0.5, all.get("momentum"));
    assertEquals(0.2, all.get("averageScale"));
    assertEquals(0.99, all.get("forgettingFactor"));
    assertEquals(2.0, all.get("initialP"));
    assertEquals(100L, all.get("maxInputSize"));
    assertEquals(true, all.get("blockDiagonal"));
    assertEquals(true, all.get("strict"));
    assertEquals(0.02, ((Map<?, ?>) all.get("companion")).get("rate"));
    assertEquals(1, OptimizerRecipe.parse("rls").schedule(2, 10).rate(1, 9, 9));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "adam", "rls:other=1", "sgd:average=1", "rls:momentum=1", "rls:average=0"})
  void otherWordsAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> described(text));
  }
}
