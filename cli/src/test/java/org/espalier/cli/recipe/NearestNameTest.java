package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestNameTest {
  @ParameterizedTest
  @CsvSource({
    "epochs, epochs, 0",
    "epoch, epochs, 1",
    "kitten, sitting, 3",
    "'', abc, 3",
    "ab, ba, 2"
  })
  void lettersThatChangeAreCounted(String a, String b, int expected) {
    assertEquals(expected, NearestName.distance(a, b));
    assertEquals(expected, NearestName.distance(b, a));
  }

  @Test
  void onlyNamesThatAreNearAreOffered() {
    List<String> names = List.of("epochs", "batch-size", "seed");
    assertEquals("; did you mean 'batch-size'?", NearestName.hint("batchsize", names));
    assertEquals("; did you mean 'seed'?", NearestName.hint("sead", names));
    assertEquals("", NearestName.hint("zzzzzz", names));
    assertEquals("", NearestName.hint("x", List.of()));
  }
}
