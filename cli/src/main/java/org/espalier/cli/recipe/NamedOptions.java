package org.espalier.cli.recipe;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Reads what stands behind a choice, as in {@code rls:momentum=0.5,strict}: options by name, those
 * without a value are switched on.
 *
 * @param option the command's option, for messages
 * @param values the values by name
 */
record NamedOptions(String option, Map<String, String> values) {
  /**
   * Reads a text; names that are not known are refused.
   *
   * @param text the options separated by commas, may be empty
   */
  static NamedOptions parse(String option, String text, Set<String> known) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String word : text.isEmpty() ? new String[0] : text.split(",", -1)) {
      int equal = word.indexOf('=');
      String name = (equal < 0 ? word : word.substring(0, equal)).toLowerCase(Locale.ROOT);
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "%s knows no '%s'%s; there are %s"
                .formatted(option, name, NearestName.hint(name, known), String.join(", ", known)));
      }
      if (values.put(name, equal < 0 ? "true" : word.substring(equal + 1)) != null) {
        throw new IllegalArgumentException("%s names '%s' twice".formatted(option, name));
      }
    }
    return new NamedOptions(option, values);
  }

  /** Returns a number, or another one where the name is not given. */
  double number(String name, double otherwise) {
    String text = values.get(name);
    try {
      return text == null ? otherwise : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw wrong(name, "a number");
    }
  }

  /** Returns the share of something, from 0 to below 1; the name must be given. */
  double share(String name) {
    double share = number(name, Double.NaN);
    if (!(share >= 0 && share < 1)) {
      throw wrong(name, "from 0 to below 1");
    }
    return share;
  }

  /** Returns a number from 0 on, or another one where the name is not given. */
  double notNegative(String name, double otherwise) {
    double number = number(name, otherwise);
    if (!(number >= 0 && number < Double.POSITIVE_INFINITY)) {
      throw wrong(name, "at least 0");
    }
    return number;
  }

  /** Returns an integer, or another one where the name is not given. */
  int integer(String name, int otherwise) {
    String text = values.get(name);
    try {
      return text == null ? otherwise : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw wrong(name, "an integer");
    }
  }

  /** Returns a truth value, or another one where the name is not given. */
  boolean flag(String name, boolean otherwise) {
    String text = values.getOrDefault(name, String.valueOf(otherwise));
    if (!text.equals("true") && !text.equals("false")) {
      throw wrong(name, "true or false");
    }
    return text.equals("true");
  }

  /** Returns one of the words of an enum, or another one where the name is not given. */
  <E extends Enum<E>> E word(String name, E otherwise) {
    String text = values.get(name);
    if (text == null) {
      return otherwise;
    }
    String wanted = text.replace('-', '_').toUpperCase(Locale.ROOT);
    for (E candidate : otherwise.getDeclaringClass().getEnumConstants()) {
      if (candidate.name().equals(wanted)) {
        return candidate;
      }
    }
    StringBuilder words = new StringBuilder("one of");
    for (E candidate : otherwise.getDeclaringClass().getEnumConstants()) {
      words.append(' ').append(candidate.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    }
    throw wrong(name, words.toString());
  }

  /** Returns names separated by colons; none where the name is not given. */
  String[] list(String name) {
    String text = values.get(name);
    return text == null ? new String[0] : text.split(":", -1);
  }

  /** Returns integers separated by colons, of a name that is given. */
  int[] integers(String name) {
    try {
      return Arrays.stream(list(name)).mapToInt(Integer::parseInt).toArray();
    } catch (NumberFormatException e) {
      throw wrong(name, "integers separated by colons");
    }
  }

  /** Returns the text of a name that is given. */
  String text(String name) {
    return values.get(name);
  }

  /** Writes a number without a fraction that is none. */
  static String plain(double number) {
    return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
  }

  /** Tells whether a name is given. */
  boolean has(String name) {
    return values.containsKey(name);
  }

  /** Returns the exception for a value that is not what it must be. */
  IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException(
        "%s: %s must be %s, got '%s'".formatted(option, name, expected, values.get(name)));
  }
}
