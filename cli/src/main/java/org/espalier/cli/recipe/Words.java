package org.espalier.cli.recipe;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Is what a user wrote for one technique, taken apart: {@code gmp:0.9,block=4x1} is the kind {@code
 * gmp}, the value {@code 0.9} and the option {@code block}.
 *
 * @param option where it was written, for messages
 * @param text all of it
 * @param kind the word before the first colon
 * @param value what follows up to the first comma and names no option; empty where there is none
 * @param rest the options by name, as text
 */
record Words(String option, String text, String kind, String value, String rest) {
  /** Takes a text apart. */
  static Words of(String option, String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      return new Words(option, text, text.toLowerCase(Locale.ROOT), "", "");
    }
    String kind = text.substring(0, colon).toLowerCase(Locale.ROOT);
    String behind = text.substring(colon + 1);
    int comma = behind.indexOf(',');
    String first = comma < 0 ? behind : behind.substring(0, comma);
    if (first.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: nothing stands behind the colon of '%s'".formatted(option, text));
    }
    return first.contains("=")
        ? new Words(option, text, kind, "", behind)
        : new Words(option, text, kind, first, comma < 0 ? "" : behind.substring(comma + 1));
  }

  /**
   * Returns the options by name, the value under a name of its own; a value that is the name of an
   * option switches that on.
   *
   * @param main the name of the value, which may also be written as an option
   */
  NamedOptions options(String main, String... names) {
    Set<String> known = new TreeSet<>(Set.of(names));
    known.add(main);
    boolean isSwitch = known.contains(value.toLowerCase(Locale.ROOT));
    String first = value.isEmpty() || isSwitch ? value : main + "=" + value;
    String all = first + (first.isEmpty() || rest.isEmpty() ? "" : ",") + rest;
    return NamedOptions.parse(option + " " + kind, all, known);
  }

  /** Returns the same with the value required. */
  NamedOptions optionsWith(String main, String example, String... names) {
    NamedOptions options = options(main, names);
    if (!options.values().containsKey(main)) {
      throw new IllegalArgumentException(
          "%s %s needs a %s, as in %s; got '%s'".formatted(option, kind, main, example, text));
    }
    return options;
  }
}
