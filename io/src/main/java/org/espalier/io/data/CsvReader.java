package org.espalier.io.data;

import java.io.IOException;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.FormatException;

/**
 * Splits text into rows of fields (RFC 4180): quoted fields may hold separators and line breaks.
 */
final class CsvReader {
  private static final int LONGEST_FIELD = 1 << 20;

  private final Path file;
  private final PushbackReader in;
  private final char separator;
  private int line = 1;
  private int rowLine;

  CsvReader(Path file, Reader in, char separator) throws IOException {
    this.file = file;
    this.in = new PushbackReader(in);
    this.separator = separator;
    int first = this.in.read();
    // Some programs begin a text with a byte order mark.
    if (first != 0xFEFF && first >= 0) {
      this.in.unread(first);
    }
  }

  /** Returns the fields of the next row, or null at the end. */
  List<String> next() throws IOException {
    int first = in.read();
    if (first < 0) {
      return null;
    }
    in.unread(first);
    rowLine = line;
    List<String> fields = new ArrayList<>();
    do {
      fields.add(field(fields.size()));
    } while (moreFields());
    return fields;
  }

  /** Returns the number of the line, from 1, on which the last row began. */
  int line() {
    return rowLine;
  }

  private String field(int column) throws IOException {
    StringBuilder text = new StringBuilder();
    int c = in.read();
    if (c == '"') {
      quoted(text, column);
      return text.toString();
    }
    while (c >= 0 && c != separator && c != '\n' && c != '\r') {
      if (c == '"') {
        throw problem(column, "a quote inside a field that does not begin with one");
      }
      append(text, c, column);
      c = in.read();
    }
    if (c >= 0) {
      in.unread(c);
    }
    return text.toString().strip();
  }

  private void quoted(StringBuilder text, int column) throws IOException {
    while (true) {
      int c = in.read();
      if (c < 0) {
        throw problem(column, "a quoted field without its closing quote");
      }
      if (c == '"') {
        int following = in.read();
        if (following != '"') {
          endQuoted(following, column);
          return;
        }
      }
      line += c == '\n' ? 1 : 0;
      append(text, c, column);
    }
  }

  private void endQuoted(int following, int column) throws IOException {
    if (following < 0) {
      return;
    }
    if (following != separator && following != '\n' && following != '\r') {
      throw problem(column, "text behind the closing quote");
    }
    in.unread(following);
  }

  private void append(StringBuilder text, int c, int column) {
    if (text.length() == LONGEST_FIELD) {
      throw problem(column, "a field of more than " + LONGEST_FIELD + " characters");
    }
    text.append((char) c);
  }

  /** Consumes what ended a field; tells whether another follows in the row. */
  private boolean moreFields() throws IOException {
    int c = in.read();
    if (c == separator) {
      return true;
    }
    if (c == '\r') {
      int following = in.read();
      if (following != '\n' && following >= 0) {
        in.unread(following);
      }
    }
    line++;
    return false;
  }

  private FormatException problem(int column, String message) {
    return new FormatException(
        file + ": line " + line + ", column " + (column + 1) + ": " + message);
  }
}
