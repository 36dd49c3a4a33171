package org.espalier.io.data;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.espalier.tensor.FormatException;

/**
 * Reads a text table (CSV, RFC 4180, UTF-8, plain or gzip) of numbers with a class in one column.
 */
public final class Csv {
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");
  private static final Pattern INTEGER = Pattern.compile("[+-]?\\d{1,18}");
  private static final Set<String> MISSING = Set.of("", "?", "na", "nan");

  private final Path file;
  private final CsvOptions options;
  private final List<float[]> rows = new ArrayList<>();
  private final List<String> labels = new ArrayList<>();
  private final List<Integer> lines = new ArrayList<>();
  private List<String> columns;
  private int labelColumn;

  private Csv(Path file, CsvOptions options) {
    this.file = file;
    this.options = options;
  }

  /** Reads a table. */
  public static FeatureDataset read(Path file, CsvOptions options) throws IOException {
    return Compressed.read(
        file,
        in -> {
          try {
            return new Csv(file, options).read(in);
          } catch (CharacterCodingException broken) {
            throw new FormatException(file + ": not valid UTF-8 text", broken);
          }
        });
  }

  private FeatureDataset read(InputStream in) throws IOException {
    InputStreamReader text = new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder());
    CsvReader reader = new CsvReader(file, text, options.separator());
    for (List<String> row = reader.next(); row != null; row = reader.next()) {
      if (columns == null) {
        begin(row);
        if (options.header()) {
          continue;
        }
      }
      add(row, reader.line());
    }
    if (rows.isEmpty()) {
      throw new FormatException(file + ": holds no rows");
    }
    return finish();
  }

  private void begin(List<String> first) {
    columns =
        options.header()
            ? first
            : IntStream.range(0, first.size()).mapToObj(i -> "column" + i).toList();
    labelColumn = columns.indexOf(options.labelColumn());
    if ((labelColumn < 0 || !options.header())
        && INTEGER.matcher(options.labelColumn()).matches()) {
      long number = Long.parseLong(options.labelColumn());
      long position = number < 0 ? number + columns.size() : number;
      labelColumn = position < columns.size() ? (int) Math.max(-1, position) : -1;
    }
    if (labelColumn < 0) {
      throw new FormatException(
          file
              + ": line 1: no label column '"
              + options.labelColumn()
              + "'; the columns are "
              + columns);
    }
    if (columns.size() < 2) {
      throw new FormatException(
          file
              + ": line 1: got one column, expected features and a label (is '"
              + options.separator()
              + "' the separator?)");
    }
  }

  private void add(List<String> row, int line) {
    if (row.size() != columns.size()) {
      throw new FormatException(
          file + ": line " + line + ": got " + row.size() + " fields, expected " + columns.size());
    }
    float[] features = new float[row.size() - 1];
    for (int column = 0; column < row.size(); column++) {
      if (column != labelColumn) {
        features[column < labelColumn ? column : column - 1] =
            number(row.get(column).strip(), line, column);
      }
    }
    if (row.get(labelColumn).isEmpty()) {
      throw problem(line, labelColumn, "the class is missing");
    }
    rows.add(features);
    labels.add(row.get(labelColumn));
    lines.add(line);
  }

  private float number(String text, int line, int column) {
    if (MISSING.contains(text.toLowerCase(Locale.ROOT))) {
      if (options.missing().isEmpty()) {
        throw problem(line, column, "the number is missing; state a value for missing ones");
      }
      return (float) options.missing().getAsDouble();
    }
    if (!NUMBER.matcher(text).matches()) {
      throw problem(line, column, "got '" + text + "', expected a number");
    }
    float value = Float.parseFloat(text);
    if (Float.isInfinite(value)) {
      throw problem(line, column, "got '" + text + "', which does not fit a 32-bit float");
    }
    return value;
  }

  private FormatException problem(int line, int column, String message) {
    return new FormatException(
        file
            + ": line "
            + line
            + ", column "
            + (column + 1)
            + " ('"
            + columns.get(column)
            + "'): "
            + message);
  }

  private FeatureDataset finish() {
    List<String> names = options.classNames().isEmpty() ? occurring() : options.classNames();
    Map<String, Integer> positions = new HashMap<>();
    names.forEach(name -> positions.putIfAbsent(name, positions.size()));
    int[] numbers = new int[labels.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = positions.getOrDefault(labels.get(i), -1);
      if (numbers[i] < 0) {
        throw problem(
            lines.get(i),
            labelColumn,
            "got class '" + labels.get(i) + "', expected one of " + names);
      }
    }
    List<String> features = new ArrayList<>(columns);
    features.remove(labelColumn);
    return new FeatureDataset(features, names, rows.toArray(float[][]::new), numbers);
  }

  private List<String> occurring() {
    boolean integers = labels.stream().allMatch(label -> INTEGER.matcher(label).matches());
    Comparator<String> natural = Comparator.naturalOrder();
    TreeSet<String> names =
        new TreeSet<>(
            integers
                ? Comparator.<String>comparingLong(Long::parseLong).thenComparing(natural)
                : natural);
    names.addAll(labels);
    return List.copyOf(names);
  }
}
