package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.cli.report.HtmlReport;
import org.espalier.optim.train.History;
import org.espalier.sparse.prune.CompactReport.Width;

/**
 * Writes the report of a pruning: table, widths, and the course of the training behind the cuts.
 *
 * @param recipe what was cut
 * @param retraining what followed
 */
record PruneReport(PruningRecipe recipe, RetrainingOptions retraining) {
  /**
   * Writes the report to a file.
   *
   * @param explained what the rows of the table are, where that needs words
   * @param histories of the training behind each cut
   */
  void write(
      Path file, TextTable table, String explained, List<Width> widths, List<History> histories)
      throws IOException {
    HtmlReport report =
        new HtmlReport(
            "Espalier: %s cut by %s".formatted(recipe.cut(), recipe.criterion().title()));
    report.note(
        "%d %s; %s"
            .formatted(
                recipe.steps(), recipe.steps() == 1 ? "step" : "steps", retraining.describe()));
    report.section("Dense, pruned and fine-tuned").table(table.rows());
    if (!explained.isEmpty()) {
      report.note(explained);
    }
    WidthSection.add(report, widths);
    addTraining(report, histories);
    report.write(file);
  }

  /** Adds the course of one training after another, if there was any. */
  static void addTraining(HtmlReport report, List<History> histories) {
    if (!histories.isEmpty()) {
      report.section("Fine-tuning");
      report.lines("Loss", "epoch", "loss", Map.of("train loss", points(histories, "train_loss")));
      report.lines(
          "Accuracy",
          "epoch",
          "share of right answers",
          Map.of("train accuracy", points(histories, "train_accuracy")));
    }
  }

  /** Returns a metric of one training after another. */
  private static List<double[]> points(List<History> histories, String metric) {
    List<double[]> points = new ArrayList<>();
    for (History history : histories) {
      for (double value : history.metric(metric)) {
        points.add(new double[] {points.size() + 1, value});
      }
    }
    return points;
  }
}
