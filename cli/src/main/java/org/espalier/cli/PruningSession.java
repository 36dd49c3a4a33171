package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.History;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.IterativePruning;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.PruningStep;

/** Runs one pruning from the plan to the report. */
final class PruningSession {
  private static final String DENSE = "dense";

  private static final String PRUNED = "pruned";
  private static final String RECALIBRATED = "recalibrated";
  private static final String TUNED = "fine-tuned";

  private final Path folder;
  private final PruningRecipe recipe;
  private final ModelFile dense;
  private final long denseBytes;
  private final PruningData data;
  private final RetrainingOptions retraining;
  private final PrintStream out;
  private final Map<String, Object> meta;
  private final List<Candidate> candidates = new ArrayList<>();
  private final List<History> histories = new ArrayList<>();

  /**
   * Prepares a run.
   *
   * @param folder the run folder
   * @param recipe what is cut
   * @param dense the model as it was loaded, not modified
   * @param denseBytes the size of its file
   * @param data the samples
   * @param retraining what follows a cut
   * @param out the console
   */
  PruningSession(
      Path folder,
      PruningRecipe recipe,
      ModelFile dense,
      long denseBytes,
      PruningData data,
      RetrainingOptions retraining,
      PrintStream out) {
    this.folder = folder;
    this.recipe = recipe;
    this.dense = dense;
    this.denseBytes = denseBytes;
    this.data = data;
    this.retraining = retraining;
    this.out = out;
    this.meta = dense.use().meta();
    meta.put("pruning", recipe.meta());
  }

  /** Returns a copy of a model, made by its spec. */
  static Module copy(Module model) {
    return Snapshot.of(model, Map.of()).build();
  }

  /**
   * Cuts, trains again, measures, saves and reports; the graph's model is modified.
   *
   * @param plan what the pruner chooses on the graph as it is; it is the cut of a single step
   * @param usualAugment the augmentation that suits the data
   */
  void run(ChannelGraph graph, Pruner pruner, PruningPlan plan, String usualAugment)
      throws IOException {
    Files.createDirectories(folder);
    Map<String, Integer> widths = WidthSection.of(graph);
    Evaluation before = data.evaluate(dense.model());
    candidates.add(
        new Candidate(
            DENSE, dense.model(), Costs.of(dense.model(), dense.input()), denseBytes, before));
    out.println("dense: " + accuracy(before));
    if (recipe.steps() == 1) {
      plan.apply();
      afterCut(graph.model(), new PruningStep(1, 1, plan), usualAugment);
    } else {
      IterativePruning.evenly(pruner, recipe.steps())
          .run(graph, step -> afterCut(graph.model(), step, usualAugment));
    }
    Path file = folder.resolve(ModelFile.FINAL);
    Checkpoint.save(file, Snapshot.of(graph.model(), meta));
    finish(file, widths, graph.model());
  }

  private void afterCut(Module model, PruningStep step, String usualAugment) {
    if (recipe.steps() > 1) {
      out.println(step);
    }
    note(model, step, PRUNED);
    if (retraining.isRecalibrating()) {
      retraining.recalibrate(model, data);
      note(model, step, RECALIBRATED);
    }
    if (retraining.isTraining()) {
      histories.add(retraining.train(model, data, usualAugment, out));
      note(model, step, TUNED);
    }
  }

  /** Measures the model; what the last step leaves goes into the table. */
  private void note(Module model, PruningStep step, String name) {
    Evaluation evaluation = data.evaluate(model);
    out.println(name + ": " + accuracy(evaluation));
    if (step.isLast()) {
      Module kept = copy(model);
      candidates.add(
          new Candidate(name, kept, Costs.of(kept, dense.input()), saved(name, kept), evaluation));
    }
  }

  private static String accuracy(Evaluation evaluation) {
    return "%s of %s test samples right"
        .formatted(Figures.percent(evaluation.accuracy()), Figures.count(evaluation.samples()));
  }

  private long saved(String name, Module model) {
    Path file = folder.resolve(TrainingSession.SNAPSHOTS).resolve(name + ".safetensors");
    try {
      Files.createDirectories(file.getParent());
      Checkpoint.save(file, Snapshot.of(model, meta));
      return Files.size(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private void finish(Path file, Map<String, Integer> widths, Module pruned) throws IOException {
    TextTable table = Candidate.table(candidates, dense.input());
    out.println();
    out.println(table);
    if (recipe.steps() > 1) {
      out.println(afterSteps());
    }
    Costs whole = candidates.get(0).costs();
    Costs left = candidates.get(candidates.size() - 1).costs();
    out.println();
    out.println(
        "pruned / dense: %s of the MACs, %s of the parameters"
            .formatted(
                Figures.decimal((double) left.macs() / whole.macs(), 4),
                Figures.decimal((double) left.params() / whole.params(), 4)));
    Path report = folder.resolve("report.html");
    new PruneReport(recipe, retraining)
        .write(
            report,
            table,
            recipe.steps() > 1 ? afterSteps() : "",
            WidthSection.now(widths, pruned),
            histories);
    out.println();
    out.println("model   " + file + " (" + Figures.count(Files.size(file)) + " bytes)");
    out.println("report  " + report);
  }

  private String afterSteps() {
    return "pruned: right behind the last of "
        + recipe.steps()
        + " cuts"
        + (retraining.isTraining() ? ", with the training of the steps before in it" : "");
  }
}
