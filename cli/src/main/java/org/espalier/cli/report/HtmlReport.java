package org.espalier.cli.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.espalier.io.AtomicFile;

/** Collects the sections of a report and writes them as one HTML file that needs nothing else. */
public final class HtmlReport {
  private static final String STYLE =
      """
      body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
      table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;border-bottom:1px solid #ddd;text-align:right}
      td:first-child,th:first-child{text-align:left}h2{margin-top:2.5rem}img{max-width:100%}
      .samples{display:flex;flex-wrap:wrap;gap:.8rem}.samples figure{margin:0;text-align:center;font-size:.8rem}
      .samples img{width:96px;height:96px;image-rendering:pixelated;display:block}.wrong{color:#b00020}.note{color:#666}
      """;

  private final Charts charts = Charts.probe();
  private final StringBuilder body = new StringBuilder();

  /** Creates a report with a title. */
  public HtmlReport(String title) {
    body.append("<h1>").append(escape(title)).append("</h1>\n");
    if (charts.unavailable() != null) {
      note("Charts are shown as tables: " + charts.unavailable() + ".");
    }
  }

  /** Begins a section. */
  public HtmlReport section(String title) {
    body.append("<h2>").append(escape(title)).append("</h2>\n");
    return this;
  }

  /** Adds a paragraph. */
  public HtmlReport note(String text) {
    body.append("<p class=\"note\">").append(escape(text)).append("</p>\n");
    return this;
  }

  /** Adds a table; the first row holds the headings. */
  public HtmlReport table(List<List<String>> rows) {
    body.append("<table>\n");
    for (int i = 0; i < rows.size(); i++) {
      String cell = i == 0 ? "th" : "td";
      body.append("<tr>");
      rows.get(i).forEach(text -> body.append("<%s>%s</%s>".formatted(cell, escape(text), cell)));
      body.append("</tr>\n");
    }
    body.append("</table>\n");
    return this;
  }

  /** Adds a line chart, or its numbers where nothing can be drawn; each point is (x, y). */
  public HtmlReport lines(
      String title, String xTitle, String yTitle, Map<String, List<double[]>> series) {
    if (charts.unavailable() == null) {
      return image(charts.lines(title, xTitle, yTitle, series), title);
    }
    List<List<String>> rows = new ArrayList<>(List.of(List.of(title, xTitle, yTitle)));
    series.forEach(
        (name, points) ->
            points.forEach(point -> rows.add(List.of(name, number(point[0]), number(point[1])))));
    return table(rows);
  }

  /**
   * Adds a line chart as {@link #lines} does, with a mark at each point, and writes it to a PNG
   * file beside the report; no file where nothing can be drawn.
   */
  public HtmlReport linesAndFile(
      String title, String xTitle, String yTitle, Map<String, List<double[]>> series, Path file)
      throws IOException {
    if (charts.unavailable() != null) {
      return lines(title, xTitle, yTitle, series);
    }
    String address = charts.markedLines(title, xTitle, yTitle, series);
    if (!address.isEmpty()) {
      byte[] png = Base64.getDecoder().decode(address.substring(address.indexOf(',') + 1));
      AtomicFile.write(file, out -> out.write(png));
    }
    return image(address, title);
  }

  /** Adds a bar chart, or its numbers where nothing can be drawn. */
  public HtmlReport bars(
      String title, String yTitle, List<String> names, Map<String, List<Integer>> series) {
    if (charts.unavailable() == null) {
      return image(charts.bars(title, yTitle, names, series), title);
    }
    List<String> headings = new ArrayList<>(List.of(title));
    headings.addAll(series.keySet());
    List<List<String>> rows = new ArrayList<>(List.of(headings));
    for (int i = 0; i < names.size(); i++) {
      List<String> row = new ArrayList<>(List.of(names.get(i)));
      for (List<Integer> values : series.values()) {
        row.add(String.valueOf(values.get(i)));
      }
      rows.add(row);
    }
    return table(rows);
  }

  private HtmlReport image(String address, String title) {
    if (!address.isEmpty()) {
      body.append("<p><img src=\"%s\" alt=\"%s\"></p>\n".formatted(address, escape(title)));
    }
    return this;
  }

  /** Begins a row of sample pictures. */
  public HtmlReport beginSamples() {
    body.append("<div class=\"samples\">\n");
    return this;
  }

  /** Adds one sample picture as PNG bytes with a caption; a wrong prediction is marked. */
  public HtmlReport sample(byte[] png, String caption, boolean right) {
    body.append(
        "<figure><img src=\"data:image/png;base64,%s\" alt=\"\"><figcaption class=\"%s\">%s</figcaption></figure>\n"
            .formatted(
                Base64.getEncoder().encodeToString(png),
                right ? "right" : "wrong",
                escape(caption)));
    return this;
  }

  /** Ends a row of sample pictures. */
  public HtmlReport endSamples() {
    body.append("</div>\n");
    return this;
  }

  /** Writes the report; a crash leaves either the old file or the new one. */
  public void write(Path file) throws IOException {
    String page =
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Espalier</title><style>%s</style></head>\n<body>\n%s</body></html>\n"
            .formatted(STYLE, body);
    AtomicFile.write(file, out -> out.write(page.getBytes(StandardCharsets.UTF_8)));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
