package org.espalier.cli.recipe;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.tensor.Shape;

/**
 * Collects, technique by technique, the models that a run compares when it is over; the last one is
 * what it leaves.
 */
public final class Ending {
  /**
   * Is one of the models.
   *
   * @param name its row in the table, and the name of its file
   * @param model the model
   * @param file where it is stored already; null where it is still to be saved
   */
  public record Stage(String name, Module model, Path file) {}

  /**
   * Says that two models must give the same outputs.
   *
   * @param one the name of the first
   * @param other the name of the second
   * @param tolerance how far they may be apart, relative to {@code 1 + max|output|}
   */
  public record Equality(String one, String other, double tolerance) {}

  private final Shape input;
  private final Path snapshots;
  private final int epochs;
  private final List<Stage> stages = new ArrayList<>();
  private final List<Equality> equalities = new ArrayList<>();
  private final List<String> explanations = new ArrayList<>();
  private final List<String> facts = new ArrayList<>();
  private Module model;
  private CompactReport cut;
  private boolean sparse;
  private boolean changed;

  /**
   * Begins with the trained model.
   *
   * @param input the shape of one sample
   * @param snapshots the folder of the run's snapshots
   * @param epochs how many epochs the run had
   */
  public Ending(Module trained, Shape input, Path snapshots, int epochs) {
    this.model = trained;
    this.input = input;
    this.snapshots = snapshots;
    this.epochs = epochs;
  }

  /** Returns the model as the techniques so far left it. */
  public Module model() {
    return model;
  }

  Shape input() {
    return input;
  }

  int epochs() {
    return epochs;
  }

  /** Returns the file of one of the run's snapshots. */
  public Path snapshot(String name) {
    return snapshots.resolve(name + ".safetensors");
  }

  /** Returns an independent copy of the model as it is now. */
  Module copy() {
    return Snapshot.of(model, Map.of()).build();
  }

  /** Adds a model; it is what the run leaves, unless another one follows. */
  public void add(String name, Module next) {
    stages.add(new Stage(name, next, null));
    model = next;
    changed = true;
  }

  /** Returns the name of the model added last. */
  String lastName() {
    return stages.get(stages.size() - 1).name();
  }

  /** Adds a model to compare with, which a file holds. */
  void addStored(String name, Module other, Path file) {
    stages.add(new Stage(name, other, file));
  }

  /** Tells whether a technique has said what it made of the trained model. */
  boolean isChanged() {
    return changed;
  }

  /** Asks for the largest difference between two models' outputs to be shown and judged. */
  void expectEqual(String one, String other, double tolerance) {
    equalities.add(new Equality(one, other, tolerance));
  }

  /** Says what a row of the table is. */
  void explain(String sentence) {
    explanations.add(sentence);
  }

  /** Says something else that is worth knowing: how much is left of a layer, a rank. */
  void fact(String sentence) {
    facts.add(sentence);
  }

  /** Says which channels went. */
  void widths(CompactReport report) {
    cut = report;
  }

  /** Asks for non-zero weights, and the work they make, to be shown. */
  void countZeros() {
    sparse = true;
  }

  /** Returns the models in order; the last one is what the run leaves. */
  public List<Stage> stages() {
    return Collections.unmodifiableList(stages);
  }

  /** Returns one of the models. */
  public Module model(String name) {
    return stages.stream()
        .filter(stage -> stage.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no stage '" + name + "' in " + stages))
        .model();
  }

  /** Returns the pairs that must give the same outputs. */
  public List<Equality> equalities() {
    return Collections.unmodifiableList(equalities);
  }

  /** Returns what explains rows of the table. */
  public List<String> explanations() {
    return Collections.unmodifiableList(explanations);
  }

  /** Returns what else is to be said. */
  public List<String> facts() {
    return Collections.unmodifiableList(facts);
  }

  /** Returns which channels went; null where none were looked for. */
  public CompactReport cut() {
    return cut;
  }

  /** Tells whether zeros among the weights are to be counted. */
  public boolean countsZeros() {
    return sparse;
  }
}
