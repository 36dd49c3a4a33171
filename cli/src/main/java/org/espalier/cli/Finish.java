package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Batch;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.History;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.tensor.Workspace;

/**
 * Ends a run: cuts the zeroed filters out, measures dense, masked and compact model side by side,
 * saves the model and writes the report.
 *
 * @param folder the run folder
 * @param settings the run's options
 * @param trained the trained model, zeroed filters still in it
 * @param meta the record that is saved with each model
 * @param data the samples; only those for testing are looked at
 */
record Finish(
    Path folder,
    TrainSettings settings,
    ModelFile trained,
    Map<String, Object> meta,
    TrainingData data) {
  /** Measures, saves, prints and reports. */
  void finish(History history, PrintStream out) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    CompactReport cut = null;
    double difference = 0;
    String dense = "";
    PruneRecipe recipe = PruneRecipe.parse(settings.prune());
    if (recipe.isSoft()) {
      Path denseFile = snapshot(TrainingSession.DENSE);
      Module masked = copy(trained.model());
      Compact.mask(masked, trained.input(), Compact.Mode.STREAM_FULL);
      Module compact = copy(trained.model());
      cut =
          Compact.extract(
              compact, trained.input(), Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
      Snapshot before = Checkpoint.load(denseFile);
      dense =
          "dense: the weights after %s of %d epochs, just before the last zeroing; --prune none trains without any"
              .formatted(before.meta().get(TrainingSession.EPOCHS_SEEN), history.epochs().size());
      candidates.add(measured(TrainingSession.DENSE, before.build(), denseFile));
      candidates.add(saved("masked", masked, snapshot("masked")));
      candidates.add(saved("compact", compact, folder.resolve(ModelFile.FINAL)));
      difference = largestDifference(masked, compact, out);
    } else {
      String name = recipe.method() == PruneRecipe.Method.RLS ? "pruned" : TrainingSession.DENSE;
      candidates.add(saved(name, trained.model(), folder.resolve(ModelFile.FINAL)));
    }
    TextTable table = Candidate.table(candidates, trained.input());
    out.println();
    out.println(table);
    if (cut != null) {
      out.println(dense);
      describeCut(candidates, difference, out);
    }
    Candidate last = candidates.get(candidates.size() - 1);
    new RunReport(settings, data)
        .write(folder.resolve("report.html"), history, candidates, table, dense, cut);
    out.println();
    out.println(
        "model   "
            + folder.resolve(ModelFile.FINAL)
            + " ("
            + Figures.count(last.bytes())
            + " bytes)");
    out.println("report  " + folder.resolve("report.html"));
    out.println("log     " + folder.resolve("log.jsonl"));
    out.println("peak memory " + Figures.count(peakMegabytes()) + " MiB");
  }

  private static Module copy(Module model) {
    return Snapshot.of(model, Map.of()).build();
  }

  private Path snapshot(String name) {
    return folder.resolve(TrainingSession.SNAPSHOTS).resolve(name + ".safetensors");
  }

  private Candidate saved(String name, Module model, Path file) throws IOException {
    Checkpoint.save(file, Snapshot.of(model, meta));
    return measured(name, model, file);
  }

  private Candidate measured(String name, Module model, Path file) throws IOException {
    return new Candidate(
        name,
        model,
        Costs.of(model, trained.input()),
        Files.size(file),
        new Evaluator(TrainingSession.CROSS_ENTROPY).evaluate(model, data.testBatches()));
  }

  private static void describeCut(List<Candidate> candidates, double difference, PrintStream out) {
    Costs dense = candidates.get(0).costs();
    Costs compact = candidates.get(2).costs();
    out.println();
    out.println(
        "compact / dense: %s of the MACs, %s of the parameters"
            .formatted(
                Figures.decimal((double) compact.macs() / dense.macs(), 4),
                Figures.decimal((double) compact.params() / dense.params(), 4)));
    out.println(
        "largest difference masked - compact: "
            + Figures.scientific(difference)
            + " (outputs of the first test batch)");
  }

  /** Compares the outputs on one batch; more than rounding is a fault, and said aloud. */
  private double largestDifference(Module masked, Module compact, PrintStream out) {
    Batch batch = data.firstTestBatch();
    double[] a = outputs(masked, batch);
    double[] b = outputs(compact, batch);
    double largest = 0;
    double scale = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
      scale = Math.max(scale, Math.abs(a[i]));
    }
    if (!(largest <= 1e-5 * (1 + scale))) {
      out.println(
          "WARNING: masked and compact model differ by %s, more than the bound %s"
              .formatted(Figures.scientific(largest), Figures.scientific(1e-5 * (1 + scale))));
    }
    return largest;
  }

  private static double[] outputs(Module model, Batch batch) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(batch.x())).value().toDoubles();
    }
  }

  /**
   * Returns the peak resident memory of this process, or the heap in use where the system does not
   * tell.
   */
  private static long peakMegabytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (Files.isReadable(status)) {
      for (String line : Files.readAllLines(status)) {
        if (line.startsWith("VmHWM:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
        }
      }
    }
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) >> 20;
  }
}
