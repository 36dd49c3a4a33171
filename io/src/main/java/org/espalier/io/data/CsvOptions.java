package org.espalier.io.data;

import java.util.List;
import java.util.OptionalDouble;

/**
 * Says how a text table is read.
 *
 * @param separator the character between fields
 * @param header whether the first line holds the names of the columns
 * @param labelColumn the column of the class: its name (with a header), or its number from 0; a
 *     negative number counts from the end
 * @param missing the value of a missing number (an empty field, {@code ?}, {@code NA} or {@code
 *     NaN}); empty makes it an error
 * @param classNames the names of the classes, such as those of the training set; empty takes those
 *     that occur, in order (by number if all are integers)
 */
public record CsvOptions(
    char separator,
    boolean header,
    String labelColumn,
    OptionalDouble missing,
    List<String> classNames) {

  /** Creates the options. */
  public CsvOptions {
    if (separator == '"' || separator == '\n' || separator == '\r') {
      throw new IllegalArgumentException("csv: a quote or line break cannot separate fields");
    }
    classNames = List.copyOf(classNames);
  }

  /** Returns the options for commas, a header, the class in the last column, nothing missing. */
  public static CsvOptions standard() {
    return new CsvOptions(',', true, "-1", OptionalDouble.empty(), List.of());
  }

  /** Returns these options with another character between fields. */
  public CsvOptions separator(char other) {
    return new CsvOptions(other, header, labelColumn, missing, classNames);
  }

  /** Returns these options for a file with or without a header. */
  public CsvOptions header(boolean present) {
    return new CsvOptions(separator, present, labelColumn, missing, classNames);
  }

  /** Returns these options with the class in another column, by name or number. */
  public CsvOptions labelColumn(String nameOrNumber) {
    return new CsvOptions(separator, header, nameOrNumber, missing, classNames);
  }

  /** Returns these options with a value for missing numbers. */
  public CsvOptions missing(double value) {
    return new CsvOptions(separator, header, labelColumn, OptionalDouble.of(value), classNames);
  }

  /** Returns these options with stated classes. */
  public CsvOptions classNames(List<String> names) {
    return new CsvOptions(separator, header, labelColumn, missing, names);
  }
}
