package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.cli.report.HtmlReport;
import org.espalier.nn.Module;
import org.espalier.optim.train.History;
import org.espalier.sparse.decomposition.ModelDecomposition;

/**
 * Runs one decomposition from the layers to the report.
 *
 * @param folder the run folder
 * @param recipe how the model is decomposed
 * @param dense the model as it was loaded, not modified
 * @param data the samples
 * @param retraining what follows
 * @param out the console
 */
record DecompositionSession(
    Path folder,
    DecompositionRecipe recipe,
    ModelFile dense,
    PruningData data,
    RetrainingOptions retraining,
    PrintStream out) {
  private static final String DECOMPOSED = "decomposed";

  /**
   * Decomposes, trains again, measures, saves and reports.
   *
   * @param denseBytes the size of the dense model's file
   * @param usualAugment the augmentation that suits the data
   */
  void run(long denseBytes, String usualAugment) throws IOException {
    // What a rank does not fit is refused before anything is written.
    Module model = PruningSession.copy(dense.model());
    List<ModelDecomposition.Layer> layers =
        ModelDecomposition.decompose(model, recipe.method(), recipe.chosen());
    if (layers.stream().noneMatch(ModelDecomposition.Layer::isReplaced)) {
      throw new IllegalArgumentException(
          "--method %s makes none of the layers smaller; choose a smaller --rank"
              .formatted(recipe.title()));
    }
    TextTable changes = changes(layers);
    out.println("run folder: " + folder);
    out.println();
    out.println(changes);
    out.println();
    Map<String, Object> meta = dense.use().meta();
    meta.put("decomposition", recipe.meta());
    CandidateRun run = new CandidateRun(folder, dense, meta, data, out);
    run.begin(denseBytes);
    run.note(model, DECOMPOSED, true);
    if (retraining.isRecalibrating()) {
      retraining.recalibrate(model, data);
      run.note(model, PruningSession.RECALIBRATED, true);
    }
    List<History> histories = List.of();
    if (retraining.isTraining()) {
      histories = List.of(retraining.train(model, dense, data, usualAugment, out));
      run.note(model, PruningSession.TUNED, true);
    }
    finish(run, run.save(model), changes, histories);
  }

  private static TextTable changes(List<ModelDecomposition.Layer> layers) {
    TextTable table = new TextTable("layer", "parameters", "in the chain", "weight error", "");
    for (ModelDecomposition.Layer layer : layers) {
      table.row(
          layer.path(),
          Figures.count(layer.parametersBefore()),
          Figures.count(layer.parametersAfter()),
          Figures.percent(layer.relativeError()),
          layer.isReplaced() ? "" : "stays: the chain is no smaller");
    }
    return table;
  }

  private void finish(CandidateRun run, Path file, TextTable changes, List<History> histories)
      throws IOException {
    TextTable table = run.table();
    out.println();
    out.println(table);
    out.println();
    out.println(run.shares(DECOMPOSED));
    Path page = folder.resolve("report.html");
    HtmlReport report = new HtmlReport("Espalier: decomposed by " + recipe.title());
    report.note(retraining.describe());
    report.section("Dense, decomposed and fine-tuned").table(table.rows());
    report.section("Layers").table(changes.rows());
    PruneReport.addTraining(report, histories);
    report.write(page);
    out.println();
    out.println("model   " + file + " (" + Figures.count(Files.size(file)) + " bytes)");
    out.println("report  " + page);
  }
}
