package org.espalier.sparse.prune;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Says how much accuracy each layer costs when only it is pruned, without any training after it.
 *
 * @param baseline the accuracy of the whole model
 * @param rows one a layer and ratio, in the order of the pass
 * @param curves by layer, its finite scores in descending order divided by the largest: a flat
 *     curve goes with a sensitive layer
 */
public record Sensitivity(double baseline, List<Row> rows, Map<String, double[]> curves) {
  /**
   * Is one measurement.
   *
   * @param layer the path of the weight whose filters went
   * @param ratio the ratio that was asked for
   * @param channels the channels there were
   * @param kept the channels that stayed, at least one
   * @param accuracy the accuracy then
   */
  public record Row(String layer, double ratio, int channels, int kept, double accuracy) {}

  /** Creates the table. */
  public Sensitivity {
    rows = List.copyOf(rows);
    curves = Collections.unmodifiableMap(new LinkedHashMap<>(curves));
  }

  /** Returns the layers in the order of the pass. */
  public List<String> layers() {
    return rows.stream().map(Row::layer).distinct().toList();
  }

  /** Returns the ratios that were measured, in the order given. */
  public List<Double> ratios() {
    return rows.stream().map(Row::ratio).distinct().toList();
  }

  /**
   * Returns for each layer the largest ratio up to which its accuracy stays within a loss, 0 where
   * the first one costs more.
   *
   * @param loss the accuracy that a layer may cost by itself, such as 0.02
   */
  public Ratios ratiosWithin(double loss) {
    Ratios within = Ratios.of(0);
    for (String layer : layers()) {
      double most = 0;
      for (Row row : rows) {
        if (row.layer.equals(layer)) {
          if (!(row.accuracy >= baseline - loss)) {
            break;
          }
          most = Math.max(most, row.ratio);
        }
      }
      within = within.with(most, layer);
    }
    return within;
  }

  /** Returns a table: a line a layer, a column a ratio. */
  @Override
  public String toString() {
    int width = layers().stream().mapToInt(String::length).max().orElse(0);
    StringBuilder text = new StringBuilder(" ".repeat(width));
    ratios().forEach(ratio -> text.append(String.format(Locale.ROOT, " %7.2f", ratio)));
    for (String layer : layers()) {
      text.append('\n').append(layer).append(" ".repeat(width - layer.length()));
      text.append(
          rows.stream()
              .filter(row -> row.layer.equals(layer))
              .map(row -> String.format(Locale.ROOT, " %7.4f", row.accuracy))
              .collect(Collectors.joining()));
    }
    return text.append(String.format(Locale.ROOT, "\nwhole model %.4f", baseline)).toString();
  }
}
