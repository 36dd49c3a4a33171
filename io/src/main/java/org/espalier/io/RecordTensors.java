package org.espalier.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/**
 * Takes the tensors out of a record, so that the rest of it is text and they are tensors of the
 * file: each leaves {@code {"tensor": "training:callbacks.name.key"}} where it stood.
 *
 * <p>The colon keeps such names apart from the paths of parameters, which have none.
 */
final class RecordTensors {
  private static final String TAG = "tensor";

  /** What the names of tensors that stood in a training record begin with. */
  static final String TRAINING = "training:";

  private RecordTensors() {}

  /**
   * Returns the record with names for tensors.
   *
   * @param prefix what the names begin with, then the path in the record follows
   * @param tensors receives the tensors by name (modified)
   */
  static Map<String, Object> extract(
      String prefix, Map<String, Object> record, Map<String, Tensor> tensors) {
    Map<String, Object> rest = new LinkedHashMap<>();
    record.forEach((key, value) -> rest.put(key, extractValue(prefix + key, value, tensors)));
    return rest;
  }

  private static Object extractValue(String name, Object value, Map<String, Tensor> tensors) {
    if (value instanceof Tensor tensor) {
      if (tensors.put(name, tensor) != null) {
        throw new FormatException("checkpoint: two tensors of a record are named '" + name + "'");
      }
      return Map.of(TAG, name);
    }
    if (value instanceof Map<?, ?> map) {
      Map<String, Object> rest = new LinkedHashMap<>();
      map.forEach(
          (key, entry) ->
              rest.put(String.valueOf(key), extractValue(name + "." + key, entry, tensors)));
      return rest;
    }
    if (value instanceof List<?> list) {
      List<Object> rest = new ArrayList<>();
      for (Object entry : list) {
        rest.add(extractValue(name + "." + rest.size(), entry, tensors));
      }
      return rest;
    }
    return value;
  }

  /**
   * Returns the record with the tensors back in their places; refused where one is missing.
   *
   * @param where the file and the record, for errors
   */
  static Map<String, Object> resolve(
      String where, Map<String, Object> record, Map<String, Tensor> tensors) {
    Map<String, Object> whole = new LinkedHashMap<>();
    record.forEach((key, value) -> whole.put(key, resolveValue(where, value, tensors)));
    return whole;
  }

  private static Object resolveValue(String where, Object value, Map<String, Tensor> tensors) {
    if (value instanceof Map<?, ?> map) {
      if (map.size() == 1 && map.get(TAG) instanceof String name && name.startsWith(TRAINING)) {
        Tensor tensor = tensors.get(name);
        if (tensor == null) {
          throw new FormatException(
              "%s: names the tensor '%s', which the file does not hold".formatted(where, name));
        }
        return tensor;
      }
      Map<String, Object> whole = new LinkedHashMap<>();
      map.forEach(
          (key, entry) -> whole.put(String.valueOf(key), resolveValue(where, entry, tensors)));
      return whole;
    }
    if (value instanceof List<?> list) {
      List<Object> whole = new ArrayList<>();
      list.forEach(entry -> whole.add(resolveValue(where, entry, tensors)));
      return whole;
    }
    return value;
  }
}
