package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is one case of a golden file: named inputs, named expected values and a tolerance.
 *
 * <p>Numbers agree when {@code |a - e| <= atol · max(1, max|e| over that tensor)}; integers, texts
 * and truth values agree exactly. Tensors come in the file's layout, channels first; {@link
 * ChannelsLast} permutes.
 */
final class GoldenCase {
  private final String file;
  private final String name;
  private final Map<String, Object> inputs;
  private final Map<String, Object> expected;
  private final double atol;
  private final Set<String> open;

  GoldenCase(String file, Map<String, Object> entry) {
    this.file = file;
    this.name = (String) entry.get("name");
    this.inputs = map(entry.get("inputs"));
    this.expected = map(entry.get("expected"));
    this.atol = ((Number) entry.get("atol")).doubleValue();
    this.open = new TreeSet<>(expected.keySet());
  }

  private GoldenCase(GoldenCase other, double atol) {
    this.file = other.file;
    this.name = other.name;
    this.inputs = other.inputs;
    this.expected = other.expected;
    this.atol = atol;
    this.open = other.open;
  }

  /** Returns this case with a larger tolerance, unless its own is as large. */
  GoldenCase withToleranceOfAtLeast(double least) {
    return new GoldenCase(this, Math.max(atol, least));
  }

  /** Returns a JSON object. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Object json) {
    return (Map<String, Object>) json;
  }

  /** Returns a JSON array. */
  @SuppressWarnings("unchecked")
  static List<Object> list(Object json) {
    return (List<Object>) json;
  }

  String name() {
    return name;
  }

  /** Returns the allowed difference, relative to the largest expected number above 1. */
  double atol() {
    return atol;
  }

  /** Returns the inputs as read, for structures that no method here serves. */
  Map<String, Object> inputs() {
    return inputs;
  }

  /** Returns the expected values as read. */
  Map<String, Object> expected() {
    return expected;
  }

  /** Tells whether an input is there and not null. */
  boolean has(String key) {
    return inputs.get(key) != null;
  }

  /** Tells whether a value is expected. */
  boolean expects(String key) {
    return expected.containsKey(key);
  }

  private Object input(String key) {
    Object value = inputs.get(key);
    if (value == null) {
      throw new AssertionError(this + " has no input '" + key + "', only " + inputs.keySet());
    }
    return value;
  }

  String text(String key) {
    return (String) input(key);
  }

  double number(String key) {
    return number(input(key));
  }

  /** Returns a number, or another one where the case has none. */
  double number(String key, double otherwise) {
    return has(key) ? number(key) : otherwise;
  }

  int integer(String key) {
    return Math.toIntExact((Long) input(key));
  }

  /** Returns a truth value, or another one where the case has none. */
  boolean flag(String key, boolean otherwise) {
    return has(key) ? (Boolean) inputs.get(key) : otherwise;
  }

  boolean isText(String key) {
    return inputs.get(key) instanceof String;
  }

  /** Returns a list of integers; a single one counts as a list. */
  int[] integers(String key) {
    Object value = input(key);
    List<Object> values = value instanceof List<?> ? list(value) : List.of(value);
    return values.stream().mapToInt(v -> Math.toIntExact((Long) v)).toArray();
  }

  /** Returns a tensor in the file's layout. */
  Tensor tensor(String key, DType dtype) {
    return tensor(input(key), dtype);
  }

  static boolean isTensor(Object json) {
    return json instanceof Map<?, ?> entries
        && entries.containsKey("shape")
        && entries.containsKey("data");
  }

  static Tensor tensor(Object json, DType dtype) {
    int[] sizes =
        list(map(json).get("shape")).stream().mapToInt(v -> Math.toIntExact((Long) v)).toArray();
    List<Object> data = list(map(json).get("data"));
    Tensor tensor = Tensor.zeros(dtype, Shape.of(sizes));
    assertEquals(tensor.count(), data.size(), "numbers for " + tensor.shape());
    for (int i = 0; i < data.size(); i++) {
      tensor.set(i, number(data.get(i)));
    }
    return tensor;
  }

  /** Returns a number; infinities and NaN are written as texts. */
  private static double number(Object json) {
    if (json instanceof String word) {
      return switch (word.toLowerCase(java.util.Locale.ROOT)) {
        case "inf", "infinity", "+inf" -> Double.POSITIVE_INFINITY;
        case "-inf", "-infinity" -> Double.NEGATIVE_INFINITY;
        case "nan" -> Double.NaN;
        default -> throw new AssertionError("'" + word + "' is no number");
      };
    }
    return ((Number) json).doubleValue();
  }

  /** Compares a value with the expected one: a tensor, number, text, truth value, list or map. */
  void expect(String key, Object actual) {
    assertTrue(expected.containsKey(key), () -> this + " expects no '" + key + "'");
    open.remove(key);
    compare(this + " " + key, expected.get(key), actual);
  }

  private void compare(String where, Object wanted, Object actual) {
    if (actual instanceof Tensor tensor) {
      compareTensor(where, wanted, tensor);
    } else if (wanted instanceof Map<?, ?> entries) {
      Map<String, Object> found = map(actual);
      assertEquals(entries.keySet(), found.keySet(), where);
      found.forEach((k, value) -> compare(where + "." + k, entries.get(k), value));
    } else if (wanted instanceof List<?>) {
      compareList(where, list(wanted), list(actual));
    } else if (wanted instanceof Double number) {
      close(where, number, ((Number) actual).doubleValue(), Math.max(1, Math.abs(number)));
    } else if (wanted instanceof Long number && actual instanceof Number found) {
      // A round number may stand for a real one; an integer must match exactly.
      boolean real = found instanceof Double || found instanceof Float;
      double scale = real ? Math.max(1, Math.abs(number)) : 0;
      close(where, number, found.doubleValue(), scale);
    } else {
      assertEquals(wanted, actual, where);
    }
  }

  private void compareTensor(String where, Object wanted, Tensor actual) {
    Tensor numbers =
        isTensor(wanted)
            ? tensor(wanted, DType.F64)
            : tensor(Map.of("shape", List.of(), "data", List.of(wanted)), DType.F64);
    assertEquals(numbers.shape(), actual.shape(), where);
    double scale = 1;
    for (int i = 0; i < numbers.count(); i++) {
      double magnitude = Math.abs(numbers.get(i));
      scale = Double.isFinite(magnitude) ? Math.max(scale, magnitude) : scale;
    }
    for (int i = 0; i < numbers.count(); i++) {
      close(where + "[" + i + "]", numbers.get(i), actual.get(i), scale);
    }
  }

  private void compareList(String where, List<Object> wanted, List<Object> actual) {
    assertEquals(wanted.size(), actual.size(), where);
    double scale = 1;
    for (Object value : wanted) {
      scale = value instanceof Double d ? Math.max(scale, Math.abs(d)) : scale;
    }
    for (int i = 0; i < wanted.size(); i++) {
      if (wanted.get(i) instanceof Double number) {
        close(where + "[" + i + "]", number, ((Number) actual.get(i)).doubleValue(), scale);
      } else {
        compare(where + "[" + i + "]", wanted.get(i), actual.get(i));
      }
    }
  }

  private void close(String where, double wanted, double actual, double scale) {
    boolean same = Double.compare(wanted, actual) == 0 || wanted == actual;
    assertTrue(
        same || Math.abs(actual - wanted) <= atol * scale,
        () -> where + ": expected " + wanted + ", got " + actual + ", allowed " + atol * scale);
  }

  /** Fails where an expected value was never compared. */
  void assertAllCompared() {
    assertEquals(Set.of(), open, () -> this + ": nobody compared");
  }

  @Override
  public String toString() {
    return file + " " + name;
  }
}
