package org.espalier.cli.report;

import java.awt.GraphicsEnvironment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws charts as PNG data addresses. On a machine without fonts nothing can be drawn: {@link
 * #unavailable} says why, and the report shows the numbers as tables instead.
 */
final class Charts {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 360;
  private static final int NAMES_BELOW = 3;

  private final String reason;

  private Charts(String reason) {
    this.reason = reason;
  }

  /** Finds out whether this machine can draw. */
  static Charts probe() {
    System.setProperty("java.awt.headless", "true");
    try {
      int fonts =
          GraphicsEnvironment.getLocalGraphicsEnvironment().getAvailableFontFamilyNames().length;
      return new Charts(fonts > 0 ? null : "this machine has no fonts");
    } catch (RuntimeException | LinkageError | InternalError e) {
      return new Charts("this machine cannot draw text (" + e.getMessage() + ")");
    }
  }

  /** Returns why nothing can be drawn, null where it can. */
  String unavailable() {
    return reason;
  }

  /** Draws lines over a common axis; points that are NaN are left out; empty where none is left. */
  String lines(String title, String xTitle, String yTitle, Map<String, List<double[]>> series) {
    return lines(title, xTitle, yTitle, series, false);
  }

  /** Draws lines as {@link #lines} does, with a mark at each point. */
  String markedLines(
      String title, String xTitle, String yTitle, Map<String, List<double[]>> series) {
    return lines(title, xTitle, yTitle, series, true);
  }

  private static String lines(
      String title,
      String xTitle,
      String yTitle,
      Map<String, List<double[]>> series,
      boolean marked) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(xTitle)
            .yAxisTitle(yTitle)
            .theme(ChartTheme.XChart)
            .build();
    // Many names below one another would leave no room for the lines above them.
    boolean many = series.size() > NAMES_BELOW;
    chart.getStyler().setLegendPosition(many ? LegendPosition.OutsideE : LegendPosition.OutsideS);
    chart.getStyler().setXAxisDecimalPattern("#,##0.##");
    if (many) {
      chart.getStyler().setLegendFont(chart.getStyler().getLegendFont().deriveFont(10f));
    }
    boolean any = false;
    for (Map.Entry<String, List<double[]>> entry : series.entrySet()) {
      List<double[]> drawn =
          entry.getValue().stream().filter(point -> Double.isFinite(point[1])).toList();
      if (!drawn.isEmpty()) {
        any = true;
        XYSeries line =
            chart.addSeries(
                entry.getKey(),
                drawn.stream().mapToDouble(p -> p[0]).toArray(),
                drawn.stream().mapToDouble(p -> p[1]).toArray());
        if (!marked) {
          line.setMarker(SeriesMarkers.NONE);
        }
      }
    }
    return any ? address(chart) : "";
  }

  /** Draws groups of bars, one group a name. */
  String bars(String title, String yTitle, List<String> names, Map<String, List<Integer>> series) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(Math.max(WIDTH, 28 * names.size()))
            .height(HEIGHT)
            .title(title)
            .yAxisTitle(yTitle)
            .theme(ChartTheme.XChart)
            .build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setXAxisLabelRotation(60);
    series.forEach((name, values) -> chart.addSeries(name, names, new ArrayList<>(values)));
    return address(chart);
  }

  private static String address(Chart<?, ?> chart) {
    try {
      ByteArrayOutputStream png = new ByteArrayOutputStream();
      ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", png);
      return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
