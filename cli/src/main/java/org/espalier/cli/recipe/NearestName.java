package org.espalier.cli.recipe;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds the name that was probably meant: the one that fewest changes of letters turn it into. */
public final class NearestName {
  private NearestName() {}

  /** Returns {@code "; did you mean 'epochs'?"}, or nothing where no name is near. */
  public static String hint(String wrong, Collection<String> names) {
    return of(wrong, names).map(name -> "; did you mean '" + name + "'?").orElse("");
  }

  /** Returns the nearest name; none where more than half of the letters would have to change. */
  static Optional<String> of(String wrong, Collection<String> names) {
    return names.stream()
        .min(Comparator.comparingInt(name -> distance(wrong, name)))
        .filter(name -> 2 * distance(wrong, name) <= Math.max(wrong.length(), name.length()));
  }

  /** Returns the least number of letters inserted, left out or changed (Levenshtein). */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
