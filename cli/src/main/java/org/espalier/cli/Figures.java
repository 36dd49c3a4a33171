package org.espalier.cli;

import java.util.Locale;

/** Writes numbers for people, the same in every locale. */
final class Figures {
  private Figures() {}

  /** Writes a whole number with thousands separators. */
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Writes a share as percent with two decimals. */
  static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f %%", 100 * share);
  }

  /** Writes milliseconds with three significant digits. */
  static String milliseconds(double milliseconds) {
    int decimals = milliseconds >= 100 ? 0 : milliseconds >= 10 ? 1 : milliseconds >= 1 ? 2 : 3;
    return String.format(Locale.ROOT, "%." + decimals + "f ms", milliseconds);
  }

  /** Writes a duration as {@code 1:02:03} or {@code 2:03}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    return whole >= 3600
        ? String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
        : String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60);
  }

  /** Writes a number with the digits given behind the point. */
  static String decimal(double number, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", number);
  }

  /** Writes a small number in scientific form. */
  static String scientific(double number) {
    return String.format(Locale.ROOT, "%.1e", number);
  }
}
