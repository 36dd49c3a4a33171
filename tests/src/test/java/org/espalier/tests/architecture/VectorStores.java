package org.espalier.tests.architecture;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Reads off a source whether the vectors that it stores are cast to a constant class. */
final class VectorStores {
  private static final Pattern STORE =
      Pattern.compile("(?:\\.|::)\\s*(?:intoArray|intoMemorySegment)\\b");
  private static final Pattern CAST = Pattern.compile("(?s).*\\b[A-Z]+_TYPE\\s*\\.cast");
  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");

  private VectorStores() {}

  /** Returns the number of stores. */
  static long count(String source) {
    return STORE.matcher(code(source)).results().count();
  }

  /** Tells whether what each store is called on is a cast, and nothing else. */
  static boolean areCast(String source) {
    String code = code(source);
    return STORE
        .matcher(code)
        .results()
        .mapToInt(MatchResult::start)
        .mapToObj(at -> code.substring(0, at).stripTrailing())
        .allMatch(before -> before.endsWith(")") && CAST.matcher(called(before)).matches());
  }

  private static String code(String source) {
    return COMMENT.matcher(source).replaceAll("");
  }

  /** Returns what stands before the parentheses that a text ends with. */
  private static String called(String text) {
    int open = 0;
    for (int i = text.length() - 1; i >= 0; i--) {
      open += text.charAt(i) == ')' ? 1 : text.charAt(i) == '(' ? -1 : 0;
      if (open == 0) {
        return text.substring(0, i);
      }
    }
    return "";
  }
}
