package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.cli.recipe.Ending;
import org.espalier.cli.recipe.Techniques;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Batch;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.History;
import org.espalier.tensor.Workspace;

/**
 * Ends a run: lets its techniques make of the trained model what they trained it for, measures the
 * steps side by side, saves the model and writes the report.
 *
 * @param folder the run folder
 * @param settings the run's options
 * @param techniques what the run combined
 * @param trained the trained model
 * @param meta the record that is saved with each model
 * @param data the samples; only those for testing are looked at
 */
record Finish(
    Path folder,
    TrainSettings settings,
    Techniques techniques,
    ModelFile trained,
    Map<String, Object> meta,
    TrainingData data) {
  /** Measures, saves, prints and reports. */
  void finish(History history, PrintStream out) throws IOException {
    Ending ending =
        new Ending(
            trained.model(),
            trained.input(),
            folder.resolve(TrainingSession.SNAPSHOTS),
            history.epochs().size());
    techniques.finish(ending);
    ending.facts().forEach(out::println);
    List<Candidate> candidates = measured(ending);
    List<String> comparisons = compared(ending, candidates, out);
    TextTable table = Candidate.table(candidates, trained.input(), ending.countsZeros());
    out.println();
    out.println(table);
    ending.explanations().forEach(out::println);
    if (!comparisons.isEmpty()) {
      out.println();
      comparisons.forEach(out::println);
    }
    new RunReport(settings, data, techniques)
        .write(folder.resolve("report.html"), history, candidates, table, ending);
    describeFiles(candidates.get(candidates.size() - 1), out);
  }

  private void describeFiles(Candidate last, PrintStream out) throws IOException {
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

  /** Saves each model but those that are stored, the last one as the run's, and measures it. */
  private List<Candidate> measured(Ending ending) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    List<Ending.Stage> stages = ending.stages();
    for (Ending.Stage stage : stages) {
      boolean last = stage == stages.get(stages.size() - 1);
      Path file = stage.file();
      if (file == null) {
        file = last ? folder.resolve(ModelFile.FINAL) : ending.snapshot(stage.name());
        Checkpoint.save(file, Snapshot.of(stage.model(), meta));
      }
      candidates.add(measured(stage.name(), stage.model(), file));
    }
    return candidates;
  }

  private Candidate measured(String name, Module model, Path file) throws IOException {
    return new Candidate(
        name,
        model,
        Costs.of(model, trained.input()),
        Files.size(file),
        new Evaluator(TrainingSession.CROSS_ENTROPY).evaluate(model, data.testBatches()));
  }

  /** Compares the last model with the first in size, and those that must be equal in outputs. */
  private List<String> compared(Ending ending, List<Candidate> candidates, PrintStream out) {
    List<String> lines = new ArrayList<>();
    Candidate first = candidates.get(0);
    Candidate last = candidates.get(candidates.size() - 1);
    if (first != last) {
      lines.add(
          "%s / %s: %s of the MACs, %s of the parameters"
              .formatted(
                  last.name(),
                  first.name(),
                  Figures.decimal((double) last.costs().macs() / first.costs().macs(), 4),
                  Figures.decimal((double) last.costs().params() / first.costs().params(), 4)));
    }
    for (Ending.Equality pair : ending.equalities()) {
      double difference = largestDifference(ending, pair, out);
      lines.add(
          "largest difference %s - %s: %s (outputs of the first test batch)"
              .formatted(pair.one(), pair.other(), Figures.scientific(difference)));
    }
    return lines;
  }

  /** Compares the outputs on one batch; more than rounding is a fault, and said aloud. */
  private double largestDifference(Ending ending, Ending.Equality pair, PrintStream out) {
    Batch batch = data.firstTestBatch();
    double[] a = outputs(ending.model(pair.one()), batch);
    double[] b = outputs(ending.model(pair.other()), batch);
    double largest = 0;
    double scale = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs(a[i] - b[i]));
      scale = Math.max(scale, Math.abs(a[i]));
    }
    double bound = pair.tolerance() * (1 + scale);
    if (!(largest <= bound)) {
      out.println(
          "WARNING: %s and %s model differ by %s, more than the bound %s"
              .formatted(
                  pair.one(),
                  pair.other(),
                  Figures.scientific(largest),
                  Figures.scientific(bound)));
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
