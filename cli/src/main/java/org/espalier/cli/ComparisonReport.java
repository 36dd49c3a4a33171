package org.espalier.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.espalier.cli.report.HtmlReport;
import org.espalier.io.AtomicFile;

/**
 * Shows what several criteria left of a model's accuracy: a table, and accuracy against MACs in one
 * picture without and one with fine-tuning.
 *
 * @param model the model's name
 * @param dense the model before it is cut
 * @param rows the runs, by cut and criterion
 * @param retraining what followed the cuts, in words
 */
record ComparisonReport(String model, ComparedRun dense, List<Row> rows, String retraining) {
  /** The report for people. */
  static final String HTML = "report.html";

  /** The table as other documents quote it. */
  static final String MARKDOWN = "table.md";

  /** The pictures, where this machine can draw any. */
  static final String PICTURE = "accuracy-macs%s.png";

  /** What the columns say. */
  static final String EXPLAINED =
      "against random: points, mean ± standard error of the difference on the same samples; random is the mean of its seeds";

  /**
   * Is one line of the table.
   *
   * @param criterion the criterion's name
   * @param cut how much went
   * @param runs one, or one a seed
   */
  record Row(String criterion, Cut cut, List<ComparedRun> runs) {
    private double mean(Function<ComparedRun, Hits> hits) {
      return runs.stream().map(hits).mapToDouble(Hits::value).average().orElse(Double.NaN);
    }

    private long meanCost(ToLongFunction<ComparedRun> cost) {
      return Math.round(runs.stream().mapToLong(cost).average().orElse(0));
    }

    private boolean isRandom() {
      return criterion.equals(Criteria.RANDOM.title());
    }
  }

  private boolean isTuned() {
    return rows.stream().flatMap(row -> row.runs.stream()).anyMatch(run -> run.tuned() != null);
  }

  /** Returns the table. */
  TextTable table() {
    List<String> headings =
        new ArrayList<>(
            List.of("", "cut", "MACs", "parameters", "without tuning", "against random"));
    if (isTuned()) {
      headings.addAll(List.of("fine-tuned", "against random"));
    }
    TextTable table = new TextTable(headings.toArray(String[]::new));
    List<String> first =
        new ArrayList<>(
            List.of(
                "dense",
                "",
                Figures.count(dense.macs()),
                Figures.count(dense.parameters()),
                Figures.percent(dense.cut().value()),
                ""));
    first.addAll(Collections.nCopies(headings.size() - first.size(), ""));
    table.row(first.toArray(String[]::new));
    rows.forEach(row -> table.row(cells(row).toArray(String[]::new)));
    return table;
  }

  private List<String> cells(Row row) {
    List<String> cells = new ArrayList<>();
    int seeds = row.runs.size();
    cells.add(row.criterion + (seeds == 1 ? "" : ", " + seeds + " seeds"));
    cells.add(row.cut.option());
    cells.add(Figures.count(row.meanCost(ComparedRun::macs)));
    cells.add(Figures.count(row.meanCost(ComparedRun::parameters)));
    cells.add(Figures.percent(row.mean(ComparedRun::cut)));
    cells.add(againstRandom(row, ComparedRun::cut));
    if (isTuned()) {
      cells.add(Figures.percent(row.mean(ComparedRun::tuned)));
      cells.add(againstRandom(row, ComparedRun::tuned));
    }
    return cells;
  }

  private String againstRandom(Row row, Function<ComparedRun, Hits> hits) {
    Row random =
        rows.stream()
            .filter(other -> other.isRandom() && other.cut.equals(row.cut))
            .findFirst()
            .orElse(null);
    return random == null || row.isRandom()
        ? ""
        : PairedDifference.of(hits.apply(row.runs.get(0)), random.runs.stream().map(hits).toList())
            .toString();
  }

  /** Writes all files. */
  void write(Path folder) throws IOException {
    HtmlReport report = new HtmlReport("Espalier: criteria compared on " + model);
    report.note(retraining);
    report.section("Accuracy against MACs");
    addPicture(report, folder, "without fine-tuning", "", ComparedRun::cut);
    if (isTuned()) {
      addPicture(report, folder, "fine-tuned", "-tuned", ComparedRun::tuned);
    }
    report.section("Table").table(table().rows()).note(EXPLAINED);
    report.write(folder.resolve(HTML));
    AtomicFile.write(
        folder.resolve(MARKDOWN), out -> out.write(markdown().getBytes(StandardCharsets.UTF_8)));
  }

  private void addPicture(
      HtmlReport report, Path folder, String title, String suffix, Function<ComparedRun, Hits> hits)
      throws IOException {
    Map<String, List<double[]>> curves = new LinkedHashMap<>();
    for (Row row : rows) {
      curves
          .computeIfAbsent(
              row.criterion,
              name -> new ArrayList<>(List.of(point(dense.macs(), dense.cut().value()))))
          .add(point(row.meanCost(ComparedRun::macs), row.mean(hits)));
    }
    curves.values().forEach(points -> points.sort((a, b) -> Double.compare(a[0], b[0])));
    report.linesAndFile(
        "Accuracy against MACs, " + title,
        "million MACs",
        "test accuracy, %",
        curves,
        folder.resolve(PICTURE.formatted(suffix)));
  }

  private static double[] point(long macs, double accuracy) {
    return new double[] {macs / 1e6, 100 * accuracy};
  }

  private String markdown() {
    List<List<String>> cells = table().rows();
    List<String> lines = new ArrayList<>();
    for (List<String> row : cells) {
      lines.add("| " + String.join(" | ", row) + " |");
    }
    lines.add(1, "| --- | --- |" + " ---: |".repeat(cells.get(0).size() - 2));
    return String.join("\n", lines) + "\n";
  }
}
