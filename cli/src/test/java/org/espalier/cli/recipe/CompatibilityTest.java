package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompatibilityTest {
  /** One row a kind, one column a kind in the order of {@link Kind}; '+' together, 'x' not. */
  private static final String[] PAIRS = {
    //              SFP ASFP RLS SCL GMP DNS SNIP LRPET QAT QATB LSQ DORE BC BNN BWN XNOR TWN TTQ
    // DIST LS
    "SFP             x   x    x   x   x   x   x    +     +   +    +   x    x  x   x   x    x   x   +    +",
    "ASFP            x   x    x   x   x   x   x    +     +   +    +   x    x  x   x   x    x   x   +    +",
    "RLS             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    +",
    "SCL             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "GMP             x   x    x   x   x   x   x    x     +   +    +   x    x  x   x   x    x   x   +    x",
    "DNS             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "SNIP            x   x    x   x   x   x   x    x     +   +    +   x    x  x   x   x    x   x   +    x",
    "LRPET           +   +    x   x   x   x   x    +     +   x    x   x    x  x   x   x    x   x   +    x",
    "QAT             +   +    x   x   +   x   +    +     x   x    x   x    x  x   x   x    x   x   +    x",
    "QAT_BITS        +   +    x   x   +   x   +    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "LSQ             +   +    x   x   +   x   +    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "DOREFA          x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "BINARYCONNECT   x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "BNN             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "BWN             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "XNOR            x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "TWN             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "TTQ             x   x    x   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    x",
    "DISTILL         +   +    +   +   +   +   +    +     +   +    +   +    +  +   +   +    +   +   +    +",
    "LEAST_SQUARES   +   +    +   x   x   x   x    x     x   x    x   x    x  x   x   x    x   x   +    +",
  };

  private record Pair(Kind one, Kind other, boolean together) {}

  static Stream<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (String line : PAIRS) {
      String[] cells = line.split(" +");
      for (int i = 1; i < cells.length; i++) {
        pairs.add(new Pair(Kind.valueOf(cells[0]), Kind.values()[i - 1], cells[i].equals("+")));
      }
    }
    return pairs.stream();
  }

  @Test
  void everyPairHasItsRow() {
    assertEquals((long) Kind.values().length * Kind.values().length, pairs().distinct().count());
    assertEquals(
        Arrays.asList(Kind.values()),
        Arrays.stream(PAIRS).map(line -> Kind.valueOf(line.split(" ")[0])).toList());
  }

  @ParameterizedTest
  @MethodSource("pairs")
  void pairsGoTogetherOrAreRefusedWithAReason(Pair pair) {
    List<Kind> both = List.of(pair.one, pair.other);
    if (pair.together) {
      assertNull(Compatibility.reason(pair.one, pair.other));
      Compatibility.check(both);
    } else {
      assertNotNull(Compatibility.reason(pair.one, pair.other));
      String message =
          assertThrows(IllegalArgumentException.class, () -> Compatibility.check(both))
              .getMessage();
      for (Kind kind : both) {
        assertTrue(message.contains(kind.described()), message);
      }
    }
  }
}
