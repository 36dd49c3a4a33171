package org.espalier.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;

/** Writes an architecture as JSON values and reads it back, checking every type on the way. */
final class SpecJson {
  private SpecJson() {}

  static Map<String, Object> toJson(Spec spec) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("type", spec.type());
    if (!spec.options().isEmpty()) {
      json.put("options", spec.options());
    }
    if (!spec.children().isEmpty()) {
      Map<String, Object> children = new LinkedHashMap<>();
      spec.children().forEach((name, child) -> children.put(name, toJson(child)));
      json.put("children", children);
    }
    if (!spec.parametrizations().isEmpty()) {
      Map<String, Object> attached = new LinkedHashMap<>();
      spec.parametrizations()
          .forEach(
              (name, specs) -> attached.put(name, specs.stream().map(SpecJson::toJson).toList()));
      json.put("parametrizations", attached);
    }
    return json;
  }

  static Spec fromJson(String where, Map<String, Object> json) {
    if (!(json.get("type") instanceof String type)) {
      throw new FormatException(where + ": 'type' must be a text, got " + json.get("type"));
    }
    Map<String, Spec> children = new LinkedHashMap<>();
    object(where, json, "children")
        .forEach(
            (name, child) ->
                children.put(
                    name, fromJson(where + "." + name, asObject(where + "." + name, child))));
    Map<String, List<Spec>> attached = new LinkedHashMap<>();
    object(where, json, "parametrizations")
        .forEach((name, specs) -> attached.put(name, list(where + "." + name, specs)));
    return new Spec(type, new LinkedHashMap<>(object(where, json, "options")), children, attached);
  }

  private static List<Spec> list(String where, Object value) {
    if (!(value instanceof List<?> items)) {
      throw new FormatException(where + ": must be a list, got " + value);
    }
    List<Spec> specs = new ArrayList<>();
    items.forEach(item -> specs.add(fromJson(where, asObject(where, item))));
    return specs;
  }

  private static Map<String, Object> object(String where, Map<String, Object> json, String key) {
    Object value = json.get(key);
    return value == null ? Map.of() : asObject(where + "." + key, value);
  }

  private static Map<String, Object> asObject(String where, Object value) {
    if (!(value instanceof Map<?, ?> map)) {
      throw new FormatException(where + ": must be an object, got " + value);
    }
    Map<String, Object> object = new LinkedHashMap<>();
    map.forEach((key, entry) -> object.put(String.valueOf(key), entry));
    return object;
  }
}
