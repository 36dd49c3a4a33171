package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.espalier.tensor.FormatException;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void readsEveryKindOfValueInOrder() {
    Map<String, Object> read =
        Json.readObject("t", " {\"z\":[1,-2.5e3,true,null,\"\\u00e9\"],\"a\":{},\"m\":\"\"} ");
    assertEquals(List.of("z", "a", "m"), List.copyOf(read.keySet()));
    assertEquals(Arrays.asList(1L, -2500.0, true, null, "é"), read.get("z"));
  }

  @Provide
  Arbitrary<Object> values() {
    return Arbitraries.lazyOf(
        () -> Arbitraries.longs().map(x -> (Object) x),
        () -> Arbitraries.doubles().ofScale(20).filter(Double::isFinite).map(x -> (Object) x),
        () -> Arbitraries.of(true, false).map(x -> (Object) x),
        () -> Arbitraries.strings().ofMaxLength(8).filter(JsonTest::isWhole).map(x -> (Object) x),
        () -> values().list().ofMaxSize(3).map(x -> (Object) x),
        () ->
            Arbitraries.maps(
                    Arbitraries.strings().ofMaxLength(4).filter(JsonTest::isWhole), values())
                .ofMaxSize(3)
                .map(map -> (Object) new LinkedHashMap<>(map)));
  }

  private static boolean isWhole(String text) {
    return text.codePoints().noneMatch(c -> c >= 0xD800 && c <= 0xDFFF);
  }

  @Property(tries = 200)
  void whatIsWrittenIsReadBack(@ForAll("values") Object value) {
    assertEquals(value, Json.read("t", Json.write(value)));
    assertEquals(value, Json.read("t", Json.writeIndented(value)));
  }

  @Test
  void numbersKeepTheirShortestForm() {
    assertEquals(
        "{\"loss\":0.1,\"step\":7,\"code\":-3}",
        Json.write(orderedMap("loss", 0.1f, "step", 7, "code", (byte) -3)));
  }

  private static Map<String, Object> orderedMap(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private static void assertRefused(String text, String reason) {
    String message =
        assertThrows(FormatException.class, () -> Json.read("a.json", text)).getMessage();
    assertTrue(message.startsWith("a.json: "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void badTextIsRefused() {
    assertRefused("", "no value");
    assertRefused("{", "not valid JSON");
    assertRefused("[1,]", "not valid JSON");
    assertRefused("{'a':1}", "not valid JSON");
    assertRefused("NaN", "not valid JSON");
    assertRefused("\uFEFF{}", "not valid JSON");
    assertRefused("[1] 2", "more text behind the value");
    assertRefused("{\"a\":1,\"a\":2}", "character 7: the name 'a' comes twice");
    assertRefused("9223372036854775808", "does not fit 64 bits");
    assertRefused("1e999", "does not fit a double");
    assertRefused("\"\\ud83d\"", "half of a surrogate pair");
    assertRefused("[".repeat(101) + "]".repeat(101), "nesting depth");
    assertRefused("[".repeat(1_000_000), "nesting depth");
  }

  @Test
  void anObjectIsRequiredWhereOneIsAskedFor() {
    assertEquals(
        "t: character 0: got an array, expected an object",
        assertThrows(FormatException.class, () -> Json.readObject("t", "[]")).getMessage());
  }

  @Test
  void valuesWithoutAFormAreRefused() {
    for (Object bad :
        List.of(Double.NaN, Float.POSITIVE_INFINITY, new Object(), "\ud800", Map.of("\udc00", 1))) {
      assertThrows(IllegalArgumentException.class, () -> Json.write(Map.of("a", List.of(bad))));
    }
    List<Object> endless = new ArrayList<>();
    endless.add(endless);
    assertThrows(IllegalArgumentException.class, () -> Json.write(endless));
  }
}
