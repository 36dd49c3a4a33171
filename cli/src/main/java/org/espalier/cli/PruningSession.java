package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.History;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.IterativePruning;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.PruningStep;

/** Runs one pruning from the plan to the report. */
final class PruningSession {
  private static final String PRUNED = "pruned";

  /** The name of a model whose statistics were estimated again. */
  static final String RECALIBRATED = "recalibrated";

  /** The name of a model that was trained again. */
  static final String TUNED = "fine-tuned";

  private final Path folder;
  private final PruningRecipe recipe;
  private final ModelFile dense;
  private final long denseBytes;
  private final PruningData data;
  private final RetrainingOptions retraining;
  private final PrintStream out;
  private final CandidateRun candidates;
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
    Map<String, Object> meta = dense.use().meta();
    meta.put("pruning", recipe.meta());
    this.candidates = new CandidateRun(folder, dense, meta, data, out);
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
    Map<String, Integer> widths = WidthSection.of(graph);
    candidates.begin(denseBytes);
    if (recipe.steps() == 1) {
      plan.apply();
      afterCut(graph.model(), new PruningStep(1, 1, plan), usualAugment);
    } else {
      IterativePruning.evenly(pruner, recipe.steps())
          .run(graph, step -> afterCut(graph.model(), step, usualAugment));
    }
    finish(candidates.save(graph.model()), widths, graph.model());
  }

  private void afterCut(Module model, PruningStep step, String usualAugment) {
    if (recipe.steps() > 1) {
      out.println(step);
    }
    candidates.note(model, PRUNED, step.isLast());
    if (retraining.isRecalibrating()) {
      retraining.recalibrate(model, data);
      candidates.note(model, RECALIBRATED, step.isLast());
    }
    if (retraining.isTraining()) {
      histories.add(retraining.train(model, dense, data, usualAugment, out));
      candidates.note(model, TUNED, step.isLast());
    }
  }

  private void finish(Path file, Map<String, Integer> widths, Module pruned) throws IOException {
    TextTable table = candidates.table();
    out.println();
    out.println(table);
    if (recipe.steps() > 1) {
      out.println(afterSteps());
    }
    out.println();
    out.println(candidates.shares(PRUNED));
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
