package org.espalier.cli.recipe;

import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.CovarianceReduction;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.rls.InputSelection;
import org.espalier.sparse.prune.rls.PrunedResidual;
import org.espalier.sparse.prune.rls.RecoveryPruningSchedule;
import org.espalier.sparse.prune.rls.RlsImportance;
import org.espalier.sparse.prune.rls.RlsPruner;
import org.espalier.tensor.Shape;

/**
 * Prunes inputs of every layer whenever the loss has recovered, by what recursive least squares
 * knows of them: {@code rls:0.2}, or with options such as {@code
 * rls:0.2,first=3,importance=curvature-group}.
 */
final class InputPruning implements Technique {
  private static final String PRUNED = "pruned";

  private final NamedOptions options;
  private final double ratio;
  private RecoveryPruningSchedule schedule;

  private InputPruning(NamedOptions options) {
    this.options = options;
    this.ratio = options.share("ratio");
    callback(Shape.of(1), null);
  }

  /** Reads the words; values out of range are refused. */
  static InputPruning parse(Words words) {
    return new InputPruning(
        words.optionsWith(
            "ratio",
            "rls:0.2",
            "first",
            "last",
            "tolerance",
            "importance",
            "reduction",
            "compensate",
            "inputs",
            "min-inputs",
            "residual"));
  }

  @Override
  public Kind kind() {
    return Kind.RLS;
  }

  /** Returns the share of each layer's inputs that goes each time. */
  double ratio() {
    return ratio;
  }

  /** Tells whether scores need what only recursive least squares keeps. */
  boolean needsMatrices() {
    return importance() != RlsImportance.WEIGHT_NORM;
  }

  private RlsImportance importance() {
    return options.word("importance", RlsImportance.CURVATURE_DIAGONAL);
  }

  @Override
  public void check(Terms terms) {
    if (!(terms.validation() > 0)) {
      throw new IllegalArgumentException(
          "--prune rls needs held-out samples: set --validation above 0");
    }
    if (needsMatrices() && terms.optimizer().kind() != OptimizerRecipe.Kind.RLS) {
      throw new IllegalArgumentException(
          "--prune rls scores by what --optimizer rls keeps; use it, or --prune rls:RATIO,importance=weight-norm");
    }
  }

  @Override
  public String describe(int epochs) {
    return "rls:" + ratio + ", inputs pruned whenever the loss has recovered";
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    schedule = callback(site.input(), site.store());
    trainer.callback(schedule);
  }

  /** Returns the callback of a run, which keeps the network of before each pruning in a store. */
  RecoveryPruningSchedule callback(Shape input, Snapshot.Store store) {
    RlsPruner.Builder pruner =
        RlsPruner.builder(input)
            .ratio(ratio)
            .importance(importance())
            .reduction(options.word("reduction", CovarianceReduction.SUBMATRIX))
            .prunedResidual(options.word("residual", PrunedResidual.GROUP))
            .inputFeatures(options.flag("inputs", true))
            .minInputs(options.integer("min-inputs", 1));
    if (options.flag("compensate", false)) {
      pruner.compensate();
    }
    RecoveryPruningSchedule.Builder builder =
        RecoveryPruningSchedule.builder(pruner.build())
            .firstPruneEpoch(options.integer("first", 5))
            .tolerance(options.number("tolerance", 0))
            .store(store);
    if (options.has("last")) {
      builder.lastPruneEpoch(options.integer("last", 0));
    }
    return builder.build();
  }

  @Override
  public void finish(Ending ending) {
    ending.fact(describe(schedule, ending.model()));
    ending.add(PRUNED, ending.model());
  }

  /** Says what was pruned: the epochs, and the inputs that layers with a list still read. */
  static String describe(RecoveryPruningSchedule schedule, Module model) {
    List<Integer> epochs = schedule.prunedAfter();
    StringBuilder text =
        new StringBuilder(
            epochs.isEmpty()
                ? "never pruned: the run was too short"
                : "pruned behind epochs " + epochs + ", counted from 1");
    if (!epochs.isEmpty() && !schedule.isRecovered()) {
      text.append("; the loss did not recover from the last time: this is the network of before");
    }
    for (InputSelection selection : InputSelection.of(model)) {
      text.append("\n%s reads %,d inputs".formatted(selection.path(), selection.inputs().length));
    }
    return text.toString();
  }
}
