package org.espalier.sparse.prune.rls;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Stateful;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;

/**
 * Prunes several times in one training run, each time when the loss has recovered from the time
 * before (recursive least squares, section 2.7). If it never recovers from the last one, the run
 * ends with the network of before, else with the last network.
 *
 * <p>The loss is measured on held-out samples, the paper's on test samples. Whether to prune is
 * decided when an epoch was measured; the cut itself comes at the start of the next epoch, so that
 * every measurement and snapshot of an epoch speaks of one network.
 */
public final class RecoveryPruningSchedule implements Callback, Stateful {
  private static final Logger LOG = System.getLogger(RecoveryPruningSchedule.class.getName());
  private static final String RECOVERED = "recovered";
  private static final int EPOCHS_TO_RECOVER = 3;

  private final RlsPruner pruner;
  private final int firstPruneEpoch;
  private final int lastPruneEpoch;
  private final String recoveryLoss;
  private final Snapshot.Store store;
  private final RecoveryRule rule;
  private final List<Integer> prunedAfter = new ArrayList<>();
  private boolean due;
  private Snapshot snapshot;

  private RecoveryPruningSchedule(Builder builder) {
    pruner = builder.pruner;
    firstPruneEpoch = builder.firstPruneEpoch;
    lastPruneEpoch = builder.lastPruneEpoch;
    recoveryLoss = builder.recoveryLoss;
    store = builder.store;
    rule = new RecoveryRule(builder.tolerance);
  }

  /** Returns a builder: the first pruning after epoch 5, the last one 3 epochs before the end. */
  public static Builder builder(RlsPruner pruner) {
    return new Builder(pruner);
  }

  @Override
  public String name() {
    return "recovery pruning";
  }

  /** Returns the epochs, counted from 1, behind which was pruned. */
  public List<Integer> prunedAfter() {
    return List.copyOf(prunedAfter);
  }

  /**
   * Tells whether the loss came back after the last pruning; if not, a run ends with the network of
   * before it.
   */
  public boolean isRecovered() {
    return rule.isRecovered();
  }

  @Override
  public void epochStart(Epoch epoch) {
    if (epoch.index() == 0) {
      pruner.prepare(epoch.model());
    }
    if (due) {
      keep(epoch.model());
      Map<Parameter, Shape> before = new LinkedHashMap<>();
      epoch.model().state().values().forEach(p -> before.put(p, p.shape()));
      RlsPruningReport report = pruner.prune(epoch.model());
      before.forEach(
          (parameter, shape) -> {
            if (!shape.equals(parameter.shape())) {
              epoch.claim(parameter, name());
            }
          });
      LOG.log(Level.DEBUG, "rls: pruned before epoch {0}:\n{1}", epoch.index() + 1, report);
      prunedAfter.add(epoch.index());
      due = false;
    }
  }

  @Override
  public void evaluated(Epoch epoch) {
    Double loss = epoch.metrics().get(recoveryLoss);
    if (loss == null) {
      throw new IllegalArgumentException(
          "rls: the recovery loss '%s' is none of the run's metrics %s; give the run a validation set"
              .formatted(recoveryLoss, epoch.metrics().keySet()));
    }
    int number = epoch.index() + 1;
    int last = lastPruneEpoch > 0 ? lastPruneEpoch : epoch.epochs() - EPOCHS_TO_RECOVER;
    due = rule.observe(number >= firstPruneEpoch && number <= last, loss);
    epoch.note(
        "parameters", epoch.model().parameters().stream().mapToLong(p -> p.shape().count()).sum());
    epoch.note("prune", due);
  }

  private void keep(Module model) {
    snapshot = Snapshot.of(model, Map.of());
    if (store != null) {
      store.save(RECOVERED, snapshot);
    }
  }

  /** A pruning that was decided behind the last epoch does not take place. */
  @Override
  public void runDone(Module model) {
    if (!due && !rule.isRecovered()) {
      restore(snapshot == null ? store.load(RECOVERED) : snapshot, model);
    }
  }

  /** Gives a model the wider tensors of before it was cut; paths are the same. */
  private static void restore(Snapshot saved, Module model) {
    Map<String, Parameter> parameters = model.state();
    if (!parameters.keySet().equals(saved.state().keySet())) {
      throw new StateException(
          "rls: the model was rebuilt since the last pruning, from %s to %s; the network of before cannot be put back"
              .formatted(saved.state().keySet(), parameters.keySet()));
    }
    parameters.forEach((path, parameter) -> parameter.replace(saved.state().get(path).copy()));
  }

  @Override
  public String stateName() {
    return name();
  }

  @Override
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("due", due);
    state.put("reference", rule.reference());
    state.put("recovered", rule.isRecovered());
    state.put("prunedAfter", prunedAfter.stream().map(Integer::longValue).toList());
    return state;
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    boolean known =
        state.get("due") instanceof Boolean
            && state.get("reference") instanceof Number
            && state.get("recovered") instanceof Boolean
            && state.get("prunedAfter") instanceof List<?>;
    if (!known) {
      throw new FormatException("snapshot: no state of " + name() + " is " + state);
    }
    due = (Boolean) state.get("due");
    rule.restore(((Number) state.get("reference")).doubleValue(), (Boolean) state.get("recovered"));
    prunedAfter.clear();
    ((List<?>) state.get("prunedAfter"))
        .forEach(number -> prunedAfter.add(((Number) number).intValue()));
    if (!due && !rule.isRecovered() && (store == null || !store.has(RECOVERED))) {
      throw new StateException(
          "resume: the network of before the last pruning may be needed in the end, and there is no store that has a snapshot '"
              + RECOVERED
              + "'; give the schedule the store of the run before");
    }
  }

  /** Collects the options; epochs are counted from 1. */
  public static final class Builder {
    private final RlsPruner pruner;
    private int firstPruneEpoch = 5;
    private int lastPruneEpoch;
    private double tolerance;
    private String recoveryLoss = "val_loss";
    private Snapshot.Store store;

    private Builder(RlsPruner pruner) {
      this.pruner = pruner;
    }

    /** Sets the first epoch behind which may be pruned; 5 by default. */
    public Builder firstPruneEpoch(int epoch) {
      firstPruneEpoch = positive("firstPruneEpoch", epoch);
      return this;
    }

    /** Sets the last epoch behind which may be pruned; 3 before the run's end by default. */
    public Builder lastPruneEpoch(int epoch) {
      lastPruneEpoch = positive("lastPruneEpoch", epoch);
      return this;
    }

    private static int positive(String option, int epoch) {
      if (epoch < 1) {
        throw new IllegalArgumentException(
            "rls: %s must be at least 1, got %d".formatted(option, epoch));
      }
      return epoch;
    }

    /** Sets the share by which a recovered loss may lie above the one before; 0 by default. */
    public Builder tolerance(double share) {
      tolerance = share;
      return this;
    }

    /** Sets the metric that has to recover; {@code val_loss} by default. */
    public Builder recoveryLoss(String metric) {
      recoveryLoss = metric;
      return this;
    }

    /**
     * Saves the network of before each pruning as {@code recovered}, so that a run can be resumed;
     * without a store it is kept in memory.
     */
    public Builder store(Snapshot.Store snapshots) {
      store = snapshots;
      return this;
    }

    /** Returns the callback, which belongs to one run. */
    public RecoveryPruningSchedule build() {
      return new RecoveryPruningSchedule(this);
    }
  }
}
