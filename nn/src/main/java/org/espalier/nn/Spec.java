package org.espalier.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Describes a module (or parametrization) as data: type name, options such as stride and padding,
 * children by name, parametrizations by parameter. Sizes are not part of it: they are read off the
 * tensors.
 *
 * @param type the name {@link ModuleTypes} knows
 * @param options numbers, booleans, strings and lists of them, in order
 * @param children the children's specs by name, in order
 * @param parametrizations the specs attached to each parameter, in order of application
 */
public record Spec(
    String type,
    Map<String, Object> options,
    Map<String, Spec> children,
    Map<String, List<Spec>> parametrizations) {
  /** Returns a spec without options, children or parametrizations. */
  public static Spec of(String type) {
    return new Spec(type, new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
  }

  /** Returns this spec with one more option. */
  public Spec with(String option, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(options);
    more.put(option, value);
    return new Spec(type, more, children, parametrizations);
  }

  /** Returns a number option. */
  public double number(String option) {
    if (required(option) instanceof Number number) {
      return number.doubleValue();
    }
    throw new IllegalArgumentException(
        type + ": option '" + option + "' must be a number, got " + options.get(option));
  }

  /** Returns a whole-number option. */
  public int integer(String option) {
    double number = number(option);
    if (number != Math.rint(number)) {
      throw new IllegalArgumentException(
          type + ": option '" + option + "' must be a whole number, got " + number);
    }
    return (int) number;
  }

  /** Returns a truth option. */
  public boolean flag(String option) {
    if (required(option) instanceof Boolean flag) {
      return flag;
    }
    throw new IllegalArgumentException(
        type + ": option '" + option + "' must be true or false, got " + options.get(option));
  }

  /** Returns a text option. */
  public String text(String option) {
    return required(option).toString();
  }

  /** Returns a list of whole numbers. */
  public int[] integers(String option) {
    if (required(option) instanceof List<?> list) {
      return list.stream().mapToInt(item -> ((Number) item).intValue()).toArray();
    }
    throw new IllegalArgumentException(
        type + ": option '" + option + "' must be a list, got " + options.get(option));
  }

  /** Returns a list of texts. */
  public List<String> texts(String option) {
    if (required(option) instanceof List<?> list) {
      return list.stream().map(Object::toString).toList();
    }
    throw new IllegalArgumentException(
        type + ": option '" + option + "' must be a list, got " + options.get(option));
  }

  private Object required(String option) {
    Object value = options.get(option);
    if (value == null) {
      throw new IllegalArgumentException(
          type + ": option '" + option + "' is missing, got " + options.keySet());
    }
    return value;
  }
}
