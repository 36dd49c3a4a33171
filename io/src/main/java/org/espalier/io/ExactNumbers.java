package org.espalier.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;

/**
 * Writes doubles as hexadecimal text, so that a resumed run has every bit, infinities and NaN
 * included: {@code {"double": "0x1.8p1"}}. Whole numbers, texts, truths, lists and maps stay what
 * they are.
 */
final class ExactNumbers {
  private static final String TAG = "double";

  private ExactNumbers() {}

  static Map<String, Object> encode(Map<String, Object> values) {
    Map<String, Object> encoded = new LinkedHashMap<>();
    values.forEach((key, value) -> encoded.put(key, encodeValue(value)));
    return encoded;
  }

  private static Object encodeValue(Object value) {
    if (value instanceof Double || value instanceof Float) {
      return Map.of(TAG, Double.toHexString(((Number) value).doubleValue()));
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> encoded = new LinkedHashMap<>();
      map.forEach((key, entry) -> encoded.put(String.valueOf(key), encodeValue(entry)));
      return encoded;
    }
    if (value instanceof List<?> list) {
      return list.stream().map(ExactNumbers::encodeValue).toList();
    }
    return value;
  }

  static Map<String, Object> decode(String where, Map<String, Object> values) {
    Map<String, Object> decoded = new LinkedHashMap<>();
    values.forEach((key, value) -> decoded.put(key, decodeValue(where + "." + key, value)));
    return decoded;
  }

  private static Object decodeValue(String where, Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.size() == 1 && map.get(TAG) instanceof String text
          ? number(where, text)
          : decodeMap(where, map);
    }
    if (value instanceof List<?> list) {
      List<Object> decoded = new ArrayList<>();
      list.forEach(item -> decoded.add(decodeValue(where, item)));
      return decoded;
    }
    return value;
  }

  private static Map<String, Object> decodeMap(String where, Map<?, ?> map) {
    Map<String, Object> decoded = new LinkedHashMap<>();
    map.forEach(
        (key, entry) -> decoded.put(String.valueOf(key), decodeValue(where + "." + key, entry)));
    return decoded;
  }

  private static Double number(String where, String text) {
    try {
      return Double.valueOf(text);
    } catch (NumberFormatException e) {
      throw new FormatException(where + ": '" + text + "' is no hexadecimal number", e);
    }
  }
}
