package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.espalier.cli.recipe.Ending;
import org.espalier.cli.recipe.Techniques;
import org.espalier.cli.report.HtmlReport;
import org.espalier.io.Png;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.optim.train.History;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Workspace;

/**
 * Writes the report of a run: table, curves, widths, confusion matrix and sample predictions.
 *
 * @param settings the run's options
 * @param data the samples; those for testing are shown
 * @param techniques what the run combined
 */
record RunReport(TrainSettings settings, TrainingData data, Techniques techniques) {
  private static final int SAMPLES = 24;

  /** Writes the report to a file. */
  void write(Path file, History history, List<Candidate> candidates, TextTable table, Ending ending)
      throws IOException {
    HtmlReport report =
        new HtmlReport("Espalier: " + settings.start().title() + " on " + settings.data());
    Candidate last = candidates.get(candidates.size() - 1);
    report.note(
        "%s; %d epochs; batch size %d; %s; learning rate %s; weight decay %s; augmentation %s; seed %d"
            .formatted(
                techniques.describe(history.epochs().size()),
                history.epochs().size(),
                settings.batchSize(),
                settings.optimizer(),
                settings.rate(),
                settings.weightDecay(),
                settings.augment(),
                settings.seed()));
    report.section(title(candidates)).table(table.rows());
    ending.explanations().forEach(report::note);
    ending.facts().forEach(report::note);
    addCurves(report, history);
    if (ending.cut() != null) {
      WidthSection.add(report, ending.cut().widths());
      ending.cut().inexact().forEach(report::note);
    }
    if (ending.countsZeros()) {
      addDensities(report, EffectiveWork.of(last.model(), data.input()));
    }
    addConfusion(report, last);
    addSamples(report, last.model());
    report.write(file);
  }

  /** Names the models, as in "Dense, masked and compact". */
  private static String title(List<Candidate> candidates) {
    List<String> names = candidates.stream().map(Candidate::name).toList();
    int last = names.size() - 1;
    String text =
        last == 0
            ? names.get(0)
            : String.join(", ", names.subList(0, last)) + " and " + names.get(last);
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static void addDensities(HtmlReport report, EffectiveWork work) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("layer", "weights", "non-zero", "zeros", "MACs", "effective MACs"));
    for (EffectiveWork.Layer layer : work.layers()) {
      rows.add(
          List.of(
              layer.path(),
              Figures.count(layer.weights()),
              Figures.count(layer.nonZero()),
              Figures.percent(1 - (double) layer.nonZero() / layer.weights()),
              Figures.count(layer.macs()),
              Figures.count(layer.effectiveMacs())));
    }
    report.section("Connections a layer").table(rows);
  }

  private static void addCurves(HtmlReport report, History history) {
    report.section("Training");
    report.lines("Loss", "epoch", "loss", curves(history, "train_loss", "val_loss"));
    report.lines(
        "Accuracy",
        "epoch",
        "share of right answers",
        curves(history, "train_accuracy", "val_accuracy"));
    List<double[]> rates = new ArrayList<>();
    history.epochs().forEach(entry -> rates.add(new double[] {entry.epoch() + 1, entry.rate()}));
    report.lines("Learning rate", "epoch", "rate", Map.of("rate", rates));
  }

  private static Map<String, List<double[]>> curves(History history, String... metrics) {
    Map<String, List<double[]>> series = new LinkedHashMap<>();
    for (String metric : metrics) {
      List<double[]> points = new ArrayList<>();
      for (History.Entry entry : history.epochs()) {
        points.add(
            new double[] {entry.epoch() + 1, entry.metrics().getOrDefault(metric, Double.NaN)});
      }
      series.put(metric.replace('_', ' '), points);
    }
    return series;
  }

  private void addConfusion(HtmlReport report, Candidate last) {
    report
        .section("Confusion matrix of the " + last.name() + " model")
        .note("Rows: the true class. Columns: the answer.");
    List<String> names = data.classNames();
    List<String> headings = new ArrayList<>(List.of(""));
    headings.addAll(names);
    List<List<String>> rows = new ArrayList<>(List.of(headings));
    long[][] confusion = last.evaluation().confusion();
    for (int target = 0; target < confusion.length; target++) {
      List<String> row = new ArrayList<>(List.of(names.get(target)));
      for (long count : confusion[target]) {
        row.add(count == 0 ? "" : String.valueOf(count));
      }
      rows.add(row);
    }
    report.table(rows);
  }

  /** Shows some pictures with the answers; samples of two channels, say, are no pictures. */
  private void addSamples(HtmlReport report, Module model) {
    if (data.input().size(-1) != 1 && data.input().size(-1) != 3) {
      return;
    }
    report.section("Sample predictions").beginSamples();
    Batch batch = data.firstTestBatch();
    try (Pass pass = Pass.infer(new Workspace())) {
      double[] outputs = model.apply(pass, pass.input(batch.x())).value().toDoubles();
      for (int i = 0; i < Math.min(SAMPLES, batch.size()); i++) {
        addSample(report, i, outputs);
      }
    }
    report.endSamples();
  }

  private void addSample(HtmlReport report, int index, double[] outputs) {
    List<String> names = data.classNames();
    int label = data.test().label(index);
    int answer = best(outputs, index * names.size(), names.size());
    String said = names.get(answer);
    boolean right = answer == label;
    report.sample(picture(index), right ? said : said + " (is " + names.get(label) + ")", right);
  }

  private static int best(double[] outputs, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      if (outputs[from + i] > outputs[from + best]) {
        best = i;
      }
    }
    return best;
  }

  private byte[] picture(int index) {
    Shape shape = data.input();
    float[] values = new float[shape.count()];
    data.test().read(index, values, 0);
    byte[] pixels = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      pixels[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, values[i])));
    }
    return Png.encode(shape.size(0), shape.size(1), shape.size(2), pixels);
  }
}
