package org.espalier.optim.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;

/** Reads the plain values of a snapshot's training record. */
final class Plain {
  private Plain() {}

  static double number(Map<String, Object> record, String key) {
    return of(record, key, Number.class).doubleValue();
  }

  static long integer(Map<String, Object> record, String key) {
    return of(record, key, Number.class).longValue();
  }

  static Map<String, Object> map(Map<String, Object> record, String key) {
    Map<String, Object> typed = new LinkedHashMap<>();
    Map<?, ?> found = of(record, key, Map.class);
    found.forEach((name, value) -> typed.put(String.valueOf(name), value));
    return typed;
  }

  static List<?> list(Map<String, Object> record, String key) {
    return of(record, key, List.class);
  }

  static <T> T of(Map<String, Object> record, String key, Class<T> type) {
    Object value = record.get(key);
    if (!type.isInstance(value)) {
      throw new FormatException(
          "resume: '%s' must be a %s, got %s; the snapshot was not made by a trainer"
              .formatted(key, type.getSimpleName(), value));
    }
    return type.cast(value);
  }
}
