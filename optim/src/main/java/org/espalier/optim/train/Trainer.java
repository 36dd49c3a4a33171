package org.espalier.optim.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.loss.Penalty;
import org.espalier.nn.metric.Metric;
import org.espalier.optim.Goal;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Schedule;

/**
 * Trains a model: epochs of steps, callbacks, evaluation, early stopping, snapshots and a log.
 *
 * <pre>{@code
 * History history = Trainer.builder(model, loss, Sgd.builder().rate(0.1).build(), batches)
 *     .epochs(20).schedule(Schedule.cosine(20, 0)).validation(heldOut).build().run();
 * }</pre>
 *
 * <p>A trainer belongs to the thread that runs it; only {@link #requestStop} may be called from
 * elsewhere.
 */
public final class Trainer {
  final Module model;
  final Task task;
  final Optimizer optimizer;
  final Batches train;
  final Schedule schedule;
  final Validation validation;
  final int epochs;
  final int scheduleEpochs;
  final double budgetSeconds;
  final long seed;
  final List<Callback> callbacks;
  final List<Penalty> penalties;
  final int accumulate;
  final double clipNorm;
  final double clipValue;
  final String watched;
  final Goal goal;
  final double leastChange;
  final int patience;
  final boolean restoreBest;
  final Snapshot.Store store;
  final int everySteps;
  final double everySeconds;
  final Snapshot resumed;
  final Map<String, Object> meta;
  final Consumer<? super Map<String, Object>> log;
  final Consumer<? super Progress> progress;
  final LongSupplier clock;
  private volatile boolean stopRequested;

  private Trainer(Builder builder) {
    model = builder.model;
    task = builder.task;
    optimizer = builder.optimizer;
    train = builder.train;
    schedule = builder.schedule;
    validation = builder.validation;
    epochs = builder.epochs;
    scheduleEpochs = builder.scheduleEpochs > 0 ? builder.scheduleEpochs : builder.epochs;
    budgetSeconds = builder.budgetSeconds;
    seed = builder.seed;
    callbacks = List.copyOf(builder.callbacks);
    penalties = List.copyOf(builder.penalties);
    accumulate = builder.accumulate;
    clipNorm = builder.clipNorm;
    clipValue = builder.clipValue;
    watched = builder.watched;
    goal = builder.goal;
    leastChange = builder.leastChange;
    patience = builder.patience;
    restoreBest = builder.restoreBest;
    store = builder.store;
    everySteps = builder.everySteps;
    everySeconds = builder.everySeconds;
    resumed = builder.resumed;
    meta = new LinkedHashMap<>(builder.meta);
    log = builder.log;
    progress = builder.progress;
    clock = builder.clock;
  }

  /** Returns a builder; a loss, an optimizer and training batches are what every run needs. */
  public static Builder builder(Module model, Loss loss, Optimizer optimizer, Batches train) {
    return new Builder(model, loss, optimizer, train);
  }

  /**
   * Trains; the model is modified. Ends with the last epoch, by early stopping, or after the step
   * in which a stop was requested.
   */
  public History run() {
    return new TrainingRun(this).run();
  }

  /**
   * Asks the run to end: it finishes its step, saves the snapshot {@code last} and returns. May be
   * called from any thread.
   */
  public void requestStop() {
    stopRequested = true;
  }

  boolean isStopRequested() {
    return stopRequested;
  }

  /** Returns the task's loss and all penalties. */
  Var loss(Pass pass, Var output, Batch batch) {
    Var sum = task.loss(pass, output, batch);
    for (Penalty penalty : penalties) {
      sum = Ops.add(sum, penalty.of(pass, model));
    }
    return sum;
  }

  /** Collects the options of a run. */
  public static final class Builder {
    private final Module model;
    private final Loss loss;
    private final Optimizer optimizer;
    private final Batches train;
    private final List<Callback> callbacks = new ArrayList<>();
    private final List<Penalty> penalties = new ArrayList<>();
    private final Map<String, Object> meta = new LinkedHashMap<>();
    private Task task;
    private Schedule schedule = Schedule.constant();
    private Validation validation = Validation.NONE;
    private int epochs = 1;
    private int scheduleEpochs;
    private double budgetSeconds = Double.POSITIVE_INFINITY;
    private long seed;
    private int accumulate = 1;
    private double clipNorm = Double.POSITIVE_INFINITY;
    private double clipValue = Double.POSITIVE_INFINITY;
    private String watched;
    private Goal goal = Goal.MINIMIZE;
    private double leastChange;
    private int patience = Integer.MAX_VALUE;
    private boolean restoreBest;
    private Snapshot.Store store;
    private int everySteps = Integer.MAX_VALUE;
    private double everySeconds = Double.POSITIVE_INFINITY;
    private Snapshot resumed;
    private Consumer<? super Map<String, Object>> log = entry -> {};
    private Consumer<? super Progress> progress = state -> {};
    private LongSupplier clock = System::nanoTime;

    private Builder(Module model, Loss loss, Optimizer optimizer, Batches train) {
      this.model = Objects.requireNonNull(model, "model");
      this.loss = Objects.requireNonNull(loss, "loss");
      this.task = Task.of(loss);
      this.optimizer = Objects.requireNonNull(optimizer, "optimizer");
      this.train = Objects.requireNonNull(train, "train");
      if (train.count() < 1) {
        throw new IllegalArgumentException("trainer: an epoch needs at least one batch, got none");
      }
    }

    /** Sets the learning-rate schedule, made for the run's {@link #epochs}; constant by default. */
    public Builder schedule(Schedule value) {
      schedule = value;
      return this;
    }

    /**
     * Sets a schedule that was made for another number of epochs: the run is divided into as many
     * equal parts, and each part takes the rate of its epoch. A schedule for a thousand epochs thus
     * changes the rate every few steps.
     */
    public Builder schedule(Schedule value, int madeFor) {
      schedule = value;
      scheduleEpochs = positive("the schedule's epochs", madeFor);
      return this;
    }

    /** Sets the number of epochs; 1 by default. */
    public Builder epochs(int count) {
      epochs = positive("epochs", count);
      return this;
    }

    /**
     * Sets a time budget: the first epoch is measured, then as many are planned as fit, and what is
     * left of the schedule is fitted to them, so that it ends at its last rate. The first epoch
     * runs as if there were {@link #epochs}.
     */
    public Builder minutes(double minutes) {
      budgetSeconds = 60 * above0("minutes", minutes);
      return this;
    }

    /** Sets the seed of initial values, dropout and callbacks; 0 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /** Measures loss, accuracy and further metrics on these batches after each epoch. */
    public Builder validation(Batches batches, Metric... more) {
      return validation(Validation.on(batches, loss, more));
    }

    /** Measures the model in a way of one's own after each epoch. */
    public Builder validation(Validation value) {
      validation = value;
      return this;
    }

    /** Adds a callback behind those added before. */
    public Builder callback(Callback callback) {
      callbacks.add(callback);
      return this;
    }

    /**
     * Lowers another task than the mere loss: distillation from a teacher, say. The loss remains
     * what {@link #validation(Batches, Metric...)} measures.
     */
    public Builder task(Task value) {
      task = Objects.requireNonNull(value, "task");
      return this;
    }

    /** Adds a term to the loss. */
    public Builder penalty(Penalty penalty) {
      penalties.add(penalty);
      return this;
    }

    /** Takes one step for each {@code batches} batches, by the gradient of their common mean. */
    public Builder accumulate(int batches) {
      accumulate = positive("accumulate", batches);
      return this;
    }

    /** Scales the gradients of a step down to this norm, taken over all parameters together. */
    public Builder clipNorm(double max) {
      clipNorm = above0("clipNorm", max);
      return this;
    }

    /** Clamps each number of a gradient to {@code [-max, max]}. */
    public Builder clipValue(double max) {
      clipValue = above0("clipValue", max);
      return this;
    }

    /**
     * Watches a metric such as {@code val_accuracy}: its best epoch is kept as snapshot {@code
     * best}, and a {@link org.espalier.optim.Plateau} follows it. By default {@code val_loss} is
     * watched, or {@code train_loss} without validation. Where the model is cut or gets masks the
     * best is sought anew from that epoch on: what was better before is another model.
     */
    public Builder watch(String metric, Goal wanted) {
      watched = metric;
      goal = wanted;
      return this;
    }

    /**
     * Stops when the watched metric has not improved by more than {@code change} in {@code epochs}
     * epochs, and restores the best model. A callback that has to end the run in good order gets
     * the epochs it needs for that ({@link Callback#epochsToClose}); the best is then one of those.
     */
    public Builder stopEarly(int epochs, double change) {
      patience = positive("patience", epochs);
      if (!(change >= 0)) {
        throw new IllegalArgumentException("trainer: change must be at least 0, got " + change);
      }
      leastChange = change;
      return restoreBest();
    }

    /** Ends with the model of the best epoch instead of the last. */
    public Builder restoreBest() {
      restoreBest = true;
      return this;
    }

    /** Saves {@code last} after each epoch and {@code best} after each best one. */
    public Builder store(Snapshot.Store value) {
      store = value;
      return this;
    }

    /** Saves {@code last} after so many steps too. */
    public Builder saveEverySteps(int steps) {
      everySteps = positive("saveEverySteps", steps);
      return this;
    }

    /** Saves {@code last} after so many seconds too. */
    public Builder saveEverySeconds(double seconds) {
      everySeconds = above0("saveEverySeconds", seconds);
      return this;
    }

    /**
     * Goes on from a snapshot that a run with the same options saved. The model must be that of the
     * snapshot: {@link Snapshot#build} makes it, also after cuts.
     */
    public Builder resume(Snapshot snapshot) {
      resumed = snapshot;
      return this;
    }

    /** Adds a record of the model's use to all snapshots: input shape, class names, ... */
    public Builder meta(Map<String, Object> more) {
      meta.putAll(more);
      return this;
    }

    /**
     * Hands flat records to a log: one when the run starts, ends, and after each epoch. A run that
     * was killed between log and snapshot logs that epoch again when it is resumed.
     */
    public Builder log(Consumer<? super Map<String, Object>> value) {
      log = value;
      return this;
    }

    /** Hands the progress to a listener after each step. */
    public Builder progress(Consumer<? super Progress> value) {
      progress = value;
      return this;
    }

    /** Reads time, in nanoseconds, from another clock than the system's. */
    public Builder clock(LongSupplier nanoseconds) {
      clock = nanoseconds;
      return this;
    }

    /** Returns the trainer. */
    public Trainer build() {
      if (watched == null) {
        watched = validation == Validation.NONE ? "train_loss" : "val_loss";
      }
      return new Trainer(this);
    }

    private static int positive(String option, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(
            "trainer: %s must be at least 1, got %d".formatted(option, value));
      }
      return value;
    }

    private static double above0(String option, double value) {
      if (!(value > 0)) {
        throw new IllegalArgumentException(
            "trainer: %s must be above 0, got %s".formatted(option, value));
      }
      return value;
    }
  }
}
