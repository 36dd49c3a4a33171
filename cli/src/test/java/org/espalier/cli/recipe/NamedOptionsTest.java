package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.espalier.optim.CovarianceReduction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamedOptionsTest {
  private static final Set<String> KNOWN = Set.of("momentum", "first", "strict", "kind");

  private static NamedOptions parse(String text) {
    return NamedOptions.parse("--x", text, KNOWN);
  }

  @Test
  void valuesAreReadAndAbsentOnesReplaced() {
    NamedOptions options = parse("momentum=0.5,STRICT,first=3,kind=schur");
    assertEquals(0.5, options.number("momentum", 1));
    assertEquals(3, options.integer("first", 1));
    assertTrue(options.flag("strict", false));
    assertEquals(CovarianceReduction.SCHUR, options.word("kind", CovarianceReduction.SUBMATRIX));
    NamedOptions none = parse("");
    assertEquals(1, none.number("momentum", 1));
    assertFalse(none.flag("strict", false));
    assertEquals(CovarianceReduction.SUBMATRIX, none.word("kind", CovarianceReduction.SUBMATRIX));
  }

  @ParameterizedTest
  @ValueSource(strings = {"other=1", "momentum=1,momentum=2", ",", "=1"})
  void unknownAndRepeatedNamesAreRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> parse(text));
  }

  @Test
  void valuesOfAnotherKindAreRefusedByName() {
    NamedOptions options = parse("momentum=a,first=1.5,strict=maybe,kind=half");
    assertRefused("momentum must be a number", () -> options.number("momentum", 0));
    assertRefused("first must be an integer", () -> options.integer("first", 0));
    assertRefused("strict must be true or false", () -> options.flag("strict", false));
    assertRefused(
        "kind must be one of submatrix schur",
        () -> options.word("kind", CovarianceReduction.SCHUR));
  }

  private static void assertRefused(String part, Runnable body) {
    String message = assertThrows(IllegalArgumentException.class, body::run).getMessage();
    assertTrue(message.contains(part), message);
  }
}
