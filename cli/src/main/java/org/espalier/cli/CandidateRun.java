package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
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

/** Measures a model before and after what is done to it, and keeps a file of each state. */
final class CandidateRun {
  private static final String DENSE = "dense";

  private final Path folder;
  private final ModelFile dense;
  private final Map<String, Object> meta;
  private final PruningData data;
  private final PrintStream out;
  private final List<Candidate> candidates = new ArrayList<>();

  /**
   * Prepares a run.
   *
   * @param folder the run folder
   * @param dense the model as it was loaded, not modified
   * @param meta the record that is saved with each model
   * @param data the samples
   * @param out the console
   */
  CandidateRun(
      Path folder, ModelFile dense, Map<String, Object> meta, PruningData data, PrintStream out) {
    this.folder = folder;
    this.dense = dense;
    this.meta = meta;
    this.data = data;
    this.out = out;
  }

  /** Measures the model as it was loaded. */
  void begin(long bytes) throws IOException {
    Files.createDirectories(folder);
    Evaluation before = data.evaluate(dense.model());
    Costs costs = Costs.of(dense.model(), dense.input());
    candidates.add(new Candidate(DENSE, dense.model(), costs, bytes, before));
    out.println("dense: " + accuracy(before));
  }

  /**
   * Measures the model as it is now.
   *
   * @param isKept whether it goes into the table, and into a file of this name
   */
  void note(Module model, String name, boolean isKept) {
    Evaluation evaluation = data.evaluate(model);
    out.println(name + ": " + accuracy(evaluation));
    if (isKept) {
      Module kept = PruningSession.copy(model);
      Costs costs = Costs.of(kept, dense.input());
      candidates.add(new Candidate(name, kept, costs, saved(name, kept), evaluation));
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
      throw new UncheckedIOException(e);
    }
  }

  /** Saves the model that the run ends with, and returns its file. */
  Path save(Module model) throws IOException {
    Path file = folder.resolve(ModelFile.FINAL);
    Checkpoint.save(file, Snapshot.of(model, meta));
    return file;
  }

  /** Returns the states side by side; their latency is measured for it. */
  TextTable table() {
    return Candidate.table(candidates, dense.input());
  }

  /** Returns what is left of the dense model's costs, by the word for what was done. */
  String shares(String word) {
    Costs whole = candidates.get(0).costs();
    Costs left = candidates.get(candidates.size() - 1).costs();
    return "%s / dense: %s of the MACs, %s of the parameters"
        .formatted(
            word,
            Figures.decimal((double) left.macs() / whole.macs(), 4),
            Figures.decimal((double) left.params() / whole.params(), 4));
  }
}
