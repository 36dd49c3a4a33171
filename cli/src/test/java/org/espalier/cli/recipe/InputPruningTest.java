package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.nn.model.Mlp;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputPruningTest {
  private static InputPruning parse(String text) {
    return InputPruning.parse(Words.of("--prune", text));
  }

  @Test
  void allOptionsAreTaken() {
    InputPruning pruning =
        parse(
            "rls:0.3,first=2,last=9,tolerance=0.1,importance=curvature-group,reduction=schur,compensate,inputs=false,min-inputs=2,residual=gather");
    assertEquals(0.3, pruning.ratio());
    assertTrue(pruning.needsMatrices());
    assertFalse(parse("rls:0.3,importance=weight-norm").needsMatrices());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "rls:",
        "rls:1",
        "rls:0.2,first=0",
        "rls:0.2,last=0",
        "rls:0.2,tolerance=-1",
        "rls:0.2,importance=size",
        "rls:0.2,min-inputs=0",
        "rls:0.2,first=1,first=2"
      })
  void wrongValuesAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> parse(text));
  }

  @Test
  void aRunThatNeverPrunedSaysSo() {
    var callback = parse("rls:0.2").callback(Shape.of(4), null);
    assertTrue(InputPruning.describe(callback, Mlp.of(4, 2)).startsWith("never pruned"));
  }
}
