package org.espalier.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.cli.report.HtmlReport;
import org.espalier.io.AtomicFile;
import org.espalier.io.Json;
import org.espalier.sparse.prune.Sensitivity;

/**
 * Writes what each layer costs: a table for the console, and files with tables and curves.
 *
 * @param found the measurements
 * @param criterion the criterion's name
 * @param model the model's name
 */
record SensitivityReport(Sensitivity found, String criterion, String model) {
  /** The report for people. */
  static final String HTML = "report.html";

  /** One line a measurement. */
  static final String CSV = "sensitivity.csv";

  /** Measurements and the layers' sorted scores. */
  static final String JSON = "sensitivity.json";

  /** More lines in one chart cannot be told apart. */
  private static final int LINES_A_CHART = 8;

  /** Returns a table: a line a layer, a column a ratio. */
  TextTable table() {
    List<String> headings = new ArrayList<>(List.of("test accuracy, %", "channels"));
    found.ratios().forEach(ratio -> headings.add("-" + Figures.decimal(100 * ratio, 0) + " %"));
    TextTable table = new TextTable(headings.toArray(String[]::new));
    measured()
        .forEach(
            (layer, rows) -> {
              List<String> cells =
                  new ArrayList<>(List.of(layer, String.valueOf(rows.get(0).channels())));
              rows.forEach(row -> cells.add(Figures.decimal(100 * row.accuracy(), 2)));
              table.row(cells.toArray(String[]::new));
            });
    return table;
  }

  /** Returns the measurements group by group; several groups may be rows of one weight. */
  private Map<String, List<Sensitivity.Row>> measured() {
    int each = found.ratios().size();
    Map<String, List<Sensitivity.Row>> groups = new LinkedHashMap<>();
    for (int from = 0; from < found.rows().size(); from += each) {
      List<Sensitivity.Row> rows = found.rows().subList(from, from + each);
      String name = rows.get(0).layer().replace(".weight", "");
      int number = 1;
      while (groups.containsKey(number == 1 ? name : name + " " + number)) {
        number++;
      }
      groups.put(number == 1 ? name : name + " " + number, rows);
    }
    return groups;
  }

  /** Writes all files. */
  void write(Path folder) throws IOException {
    writeText(folder.resolve(CSV), csv());
    writeText(folder.resolve(JSON), Json.writeIndented(json()) + "\n");
    HtmlReport report = new HtmlReport("Espalier: what each layer of " + model + " costs");
    report
        .note(
            "Each layer by itself loses filters by %s, without training; the whole model: %s."
                .formatted(criterion, Figures.percent(found.baseline())))
        .section("Accuracy by the share that goes");
    Map<String, List<double[]>> accuracies = new LinkedHashMap<>();
    measured().forEach((layer, rows) -> accuracies.put(layer, accuracies(rows)));
    charts(report, "Accuracy, %", "share of the filters that go", accuracies);
    report.section("Table").table(table().rows());
    report
        .section("Scores, largest first")
        .note("Divided by the layer's largest; a flat curve goes with a sensitive layer.");
    Map<String, List<double[]>> scores = new LinkedHashMap<>();
    found
        .curves()
        .forEach((layer, curve) -> scores.put(layer.replace(".weight", ""), points(curve)));
    charts(report, "Scores", "share of the filters", scores);
    report.write(folder.resolve(HTML));
  }

  private static void charts(
      HtmlReport report, String what, String xTitle, Map<String, List<double[]>> series) {
    List<String> layers = List.copyOf(series.keySet());
    for (int from = 0; from < layers.size(); from += LINES_A_CHART) {
      int to = Math.min(layers.size(), from + LINES_A_CHART);
      Map<String, List<double[]>> some = new LinkedHashMap<>();
      layers.subList(from, to).forEach(layer -> some.put(layer, series.get(layer)));
      String which = "layers %d to %d of %d".formatted(from + 1, to, layers.size());
      report.lines(what + ", " + which, xTitle, what, some);
    }
  }

  private List<double[]> accuracies(List<Sensitivity.Row> rows) {
    List<double[]> points = new ArrayList<>();
    points.add(new double[] {0, 100 * found.baseline()});
    rows.forEach(row -> points.add(new double[] {row.ratio(), 100 * row.accuracy()}));
    return points;
  }

  private static List<double[]> points(double... curve) {
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < curve.length; i++) {
      points.add(new double[] {(i + 1.0) / curve.length, curve[i]});
    }
    return points;
  }

  private String csv() {
    StringBuilder text = new StringBuilder("layer,ratio,channels,kept,accuracy\n");
    for (Sensitivity.Row row : found.rows()) {
      text.append(row.layer())
          .append(',')
          .append(row.ratio())
          .append(',')
          .append(row.channels())
          .append(',')
          .append(row.kept())
          .append(',')
          .append(row.accuracy())
          .append('\n');
    }
    return text.toString();
  }

  private Map<String, Object> json() {
    List<Object> rows = new ArrayList<>();
    for (Sensitivity.Row row : found.rows()) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("layer", row.layer());
      entry.put("ratio", row.ratio());
      entry.put("channels", (long) row.channels());
      entry.put("kept", (long) row.kept());
      entry.put("accuracy", row.accuracy());
      rows.add(entry);
    }
    Map<String, Object> curves = new LinkedHashMap<>();
    found
        .curves()
        .forEach((layer, curve) -> curves.put(layer, Arrays.stream(curve).boxed().toList()));
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("model", model);
    all.put("criterion", criterion);
    all.put("baseline", found.baseline());
    all.put("rows", rows);
    all.put("curves", curves);
    return all;
  }

  private static void writeText(Path file, String text) throws IOException {
    AtomicFile.write(file, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }
}
