package org.espalier.cli;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.CovarianceReduction;
import org.espalier.sparse.prune.rls.InputSelection;
import org.espalier.sparse.prune.rls.PrunedResidual;
import org.espalier.sparse.prune.rls.RecoveryPruningSchedule;
import org.espalier.sparse.prune.rls.RlsImportance;
import org.espalier.sparse.prune.rls.RlsPruner;
import org.espalier.tensor.Shape;

/**
 * Says how a run prunes by recursive least squares: {@code rls:0.2}, or with options such as {@code
 * rls:0.2,first=3,importance=curvature-group}.
 *
 * @param ratio the share of each layer's inputs that goes each time
 * @param options all else
 */
record RecoveryRecipe(double ratio, NamedOptions options) {
  private static final String PREFIX = "rls:";
  private static final Set<String> NAMES =
      new TreeSet<>(
          Set.of(
              "first",
              "last",
              "tolerance",
              "importance",
              "reduction",
              "compensate",
              "inputs",
              "min-inputs",
              "residual"));

  /** Tells whether a text asks for this way of pruning. */
  static boolean isMeant(String prune) {
    return prune.toLowerCase(Locale.ROOT).startsWith(PREFIX);
  }

  /** Reads the option; values out of range are refused. */
  static RecoveryRecipe parse(String text) {
    String[] parts = text.substring(PREFIX.length()).split(",", 2);
    NamedOptions options =
        NamedOptions.parse("--prune rls", parts.length > 1 ? parts[1] : "", NAMES);
    RecoveryRecipe recipe = new RecoveryRecipe(PruneRecipe.ratio(parts[0], text), options);
    recipe.callback(Shape.of(1), null);
    return recipe;
  }

  /** Tells whether scores need what only recursive least squares keeps. */
  boolean needsMatrices() {
    return importance() != RlsImportance.WEIGHT_NORM;
  }

  private RlsImportance importance() {
    return options.word("importance", RlsImportance.CURVATURE_DIAGONAL);
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
    RecoveryPruningSchedule.Builder schedule =
        RecoveryPruningSchedule.builder(pruner.build())
            .firstPruneEpoch(options.integer("first", 5))
            .tolerance(options.number("tolerance", 0))
            .store(store);
    if (options.values().containsKey("last")) {
      schedule.lastPruneEpoch(options.integer("last", 0));
    }
    return schedule.build();
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
      text.append(
          "\n%s reads %s inputs"
              .formatted(selection.path(), Figures.count(selection.inputs().length)));
    }
    return text.toString();
  }
}
