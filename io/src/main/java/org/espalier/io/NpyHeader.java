package org.espalier.io;

import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Holds what the header of an NPY file says; the header is a Python dictionary literal with the
 * keys {@code descr}, {@code fortran_order} and {@code shape}, and only that much Python is
 * understood.
 *
 * @param type the element type
 * @param order the byte order of the elements
 * @param fortranOrder whether the first index runs fastest
 * @param shape the sizes
 */
record NpyHeader(StoredType type, ByteOrder order, boolean fortranOrder, Shape shape) {
  private static final int MOST_AXES = 64;

  private static final Map<String, StoredType> TYPES =
      Map.ofEntries(
          Map.entry("f8", StoredType.F64),
          Map.entry("f4", StoredType.F32),
          Map.entry("f2", StoredType.F16),
          Map.entry("i8", StoredType.I64),
          Map.entry("i4", StoredType.I32),
          Map.entry("i2", StoredType.I16),
          Map.entry("i1", StoredType.I8),
          Map.entry("u8", StoredType.U64),
          Map.entry("u4", StoredType.U32),
          Map.entry("u2", StoredType.U16),
          Map.entry("u1", StoredType.U8),
          Map.entry("b1", StoredType.BOOL));

  /** Parses a header; {@code where} names the file in messages. */
  static NpyHeader parse(String where, String text) {
    Map<String, Object> keys = new Literal(where, text).dictionary();
    if (!keys.keySet().equals(Set.of("descr", "fortran_order", "shape"))) {
      throw new FormatException(
          where
              + ": header has the keys "
              + new TreeSet<>(keys.keySet())
              + ", expected descr, fortran_order and shape");
    }
    String descr = (String) keys.get("descr");
    StoredType type = descr.length() == 3 ? TYPES.get(descr.substring(1)) : null;
    if (type == null) {
      throw new FormatException(
          where
              + ": element type '"
              + descr
              + "' is not supported, only floats of 2, 4 or 8 bytes, integers and truth values");
    }
    @SuppressWarnings("unchecked")
    List<Long> sizes = (List<Long>) keys.get("shape");
    return new NpyHeader(
        type,
        order(where, descr, type),
        (Boolean) keys.get("fortran_order"),
        TensorBytes.shape(sizes, where));
  }

  private static ByteOrder order(String where, String descr, StoredType type) {
    char mark = descr.charAt(0);
    if (mark == '>') {
      return ByteOrder.BIG_ENDIAN;
    }
    if (mark == '<' || mark == '|' && type.bytes() == 1) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    throw new FormatException(
        where + ": element type '" + descr + "' does not say its byte order by < or >");
  }

  /** Reads the dictionary literal, without recursion. */
  private static final class Literal {
    private final String where;
    private final String text;
    private int at;

    Literal(String where, String text) {
      this.where = where;
      this.text = text;
    }

    Map<String, Object> dictionary() {
      Map<String, Object> keys = new HashMap<>();
      expect('{');
      while (!follows('}')) {
        String key = string();
        expect(':');
        Object value =
            switch (key) {
              case "descr" -> descr();
              case "fortran_order" -> truth();
              case "shape" -> sizes();
              default -> throw problem("unknown key '" + key + "'");
            };
        if (keys.put(key, value) != null) {
          throw problem("the key '" + key + "' comes twice");
        }
        if (!follows(',')) {
          expect('}');
          break;
        }
      }
      skipSpace();
      if (at < text.length()) {
        throw problem("text behind the dictionary");
      }
      return keys;
    }

    private String descr() {
      skipSpace();
      if (at < text.length() && text.charAt(at) == '[') {
        throw problem("structured element types are not supported");
      }
      return string();
    }

    private String string() {
      skipSpace();
      char quote = at < text.length() ? text.charAt(at) : 0;
      if (quote != '\'' && quote != '"') {
        throw problem("expected a quoted text");
      }
      int end = text.indexOf(quote, at + 1);
      String content = end < 0 ? null : text.substring(at + 1, end);
      if (content == null || content.indexOf('\\') >= 0) {
        throw problem("expected a quoted text without backslashes");
      }
      at = end + 1;
      return content;
    }

    private boolean truth() {
      skipSpace();
      for (String word : List.of("True", "False")) {
        if (text.startsWith(word, at)) {
          at += word.length();
          return word.equals("True");
        }
      }
      throw problem("expected True or False");
    }

    private List<Long> sizes() {
      List<Long> sizes = new ArrayList<>();
      expect('(');
      while (!follows(')')) {
        if (sizes.size() == MOST_AXES) {
          throw problem("more than " + MOST_AXES + " axes");
        }
        sizes.add(size());
        if (!follows(',')) {
          if (sizes.size() == 1) {
            throw problem("expected a tuple; one size needs a comma behind it");
          }
          expect(')');
          break;
        }
      }
      return sizes;
    }

    private long size() {
      skipSpace();
      int from = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      String digits = text.substring(from, at);
      boolean plain = digits.equals("0") || !digits.isEmpty() && digits.charAt(0) != '0';
      if (!plain || digits.length() > 18) {
        at = from;
        throw problem("expected a size from 0 to 10^18");
      }
      if (at < text.length() && text.charAt(at) == 'L') {
        // Python 2 marked long integers so.
        at++;
      }
      return Long.parseLong(digits);
    }

    private void skipSpace() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private boolean follows(char c) {
      skipSpace();
      if (at < text.length() && text.charAt(at) == c) {
        at++;
        return true;
      }
      return false;
    }

    private void expect(char c) {
      if (!follows(c)) {
        throw problem("expected '" + c + "'");
      }
    }

    private FormatException problem(String message) {
      int end = Math.min(text.length(), at + 20);
      return new FormatException(
          where
              + ": header, character "
              + at
              + ": "
              + message
              + ", got '"
              + text.substring(Math.min(at, end), end).strip()
              + "'");
    }
  }
}
