package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.cli.recipe.OptimizerRecipe;
import org.espalier.cli.recipe.Site;
import org.espalier.cli.recipe.Techniques;
import org.espalier.io.Checkpoint;
import org.espalier.io.JsonLines;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.optim.Goal;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Schedule;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.kernel.KernelLookup;

/** Runs one training from data to report, or the rest of an interrupted one. */
final class TrainingSession {
  /** The folder of snapshots in a run folder. */
  static final String SNAPSHOTS = "snapshots";

  /** The snapshot to resume from. */
  static final String LAST = "last";

  /** The loss of every run: cross entropy of the logits. */
  static final Loss CROSS_ENTROPY = new CrossEntropy();

  private static final int SCHEDULE_PARTS = 1000;

  private final Path folder;
  private final TrainSettings settings;
  private final Snapshot resumed;
  private final SaveInterval interval;
  private final PrintStream out = System.out;
  private final Techniques techniques;

  /**
   * Prepares a run.
   *
   * @param folder the run folder
   * @param settings the run's options
   * @param resumed where to go on, null for a new run
   * @param interval how often the run saves itself between the ends of its epochs
   */
  TrainingSession(Path folder, TrainSettings settings, Snapshot resumed, SaveInterval interval) {
    this.folder = folder;
    this.settings = settings;
    this.resumed = resumed;
    this.interval = interval;
    this.techniques = Techniques.parse(settings.techniques());
  }

  /** Trains, cuts and reports; returns false if the run was interrupted and can be resumed. */
  boolean run() throws IOException {
    TrainingData data = TrainingData.read(settings, this::normalization);
    ModelFile trained = resumed == null ? fresh(data) : goOn(data);
    Map<String, Object> meta = trained.use().meta();
    settings.addTo(meta);
    meta.put("kernels", KernelLookup.describe());
    Costs costs = Costs.of(trained.model(), data.input());
    Site site = site(data, meta);
    if (resumed == null) {
      techniques.prepare(trained.model(), site);
    }
    announce(data, costs);
    long start = System.nanoTime();
    History history = train(trained.model(), data, site);
    if (history == null) {
      return false;
    }
    out.println("trained in " + Figures.duration((System.nanoTime() - start) / 1e9));
    try {
      new Finish(folder, settings, techniques, trained, meta, data).finish(history, out);
    } catch (OutOfMemoryError e) {
      throw Failures.outOfMemory("while the models were measured", folder, e);
    }
    return true;
  }

  private Normalization normalization(Shape sample) throws IOException {
    return resumed != null && settings.start().isTrained()
        ? ModelFile.of(resumed).normalization()
        : settings.start().normalization(sample);
  }

  private ModelFile fresh(TrainingData data) throws IOException {
    return new ModelFile(settings.start().load(data.training(), settings.seed()), input(data));
  }

  /** Picture files of other sizes are predicted as they were trained on, if that was said. */
  private ModelInput input(TrainingData data) {
    ModelInput input = ModelInput.of(data.training(), data.normalization());
    Resize resize = settings.dataOptions().resize;
    return resize == null ? input : input.resizing(resize);
  }

  private ModelFile goOn(TrainingData data) {
    ModelFile before = ModelFile.of(resumed);
    DataOptions.checkFits(data.training(), before.input(), before.classNames());
    if (!before.normalization().equals(data.normalization())) {
      throw new IllegalArgumentException(
          settings.data() + " holds other samples than when the run began; it cannot go on");
    }
    return before;
  }

  private void announce(TrainingData data, Costs costs) {
    out.println(
        "%s on %s: %s training, %s validation, %s test samples %s; %s"
            .formatted(
                settings.start().title(),
                settings.data(),
                Figures.count(data.training().size()),
                Figures.count(data.validation().size()),
                Figures.count(data.test().size()),
                data.input(),
                techniques.describe(settings.minutes() > 0 ? 0 : settings.epochs())));
    out.println(
        "%s parameters, %s MACs an image"
            .formatted(Figures.count(costs.params()), Figures.count(costs.macs())));
    if (settings.start().isTrained()) {
      out.println("weights: " + settings.start().weights());
    }
    out.println("kernels: " + KernelLookup.describe());
    out.println("run folder: " + folder + (resumed == null ? "" : " (resumed)"));
  }

  /** Trains the model, which is modified; returns null if the run was interrupted. */
  private History train(Module model, TrainingData data, Site site) throws IOException {
    Files.createDirectories(folder);
    if (resumed == null) {
      RecipeFile.write(folder.resolve(RecipeFile.NAME), settings.options());
    }
    Path logFile = folder.resolve("log.jsonl");
    try (JsonLines log = resumed == null ? JsonLines.create(logFile) : goOnLogging(logFile);
        ProgressLine progress = new ProgressLine(out, ProgressLine.isTerminal())) {
      return interruptible(
          trainer(model, data, site).log(log).progress(progress::show).build(), progress);
    } catch (OutOfMemoryError e) {
      throw outOfMemory(e);
    } catch (StateException e) {
      throw e.getCause() instanceof OutOfMemoryError ? outOfMemory(e) : e;
    }
  }

  /** Drops what was logged of epochs behind the snapshot: they are run, and logged, again. */
  private JsonLines goOnLogging(Path logFile) throws IOException {
    long next = resumed.training().get("epoch") instanceof Long epoch ? epoch : 0;
    return JsonLines.append(
        logFile,
        entry ->
            !"epoch".equals(entry.get("event"))
                || !(entry.get("epoch") instanceof Long epoch && epoch >= next));
  }

  private StateException outOfMemory(Throwable cause) {
    int size = settings.batchSize();
    return Checkpoint.folder(folder.resolve(SNAPSHOTS)).has(LAST)
        ? Failures.outOfMemory("at batch size " + size, folder, cause)
        : Failures.outOfMemory(size, cause);
  }

  private OptimizerRecipe learning() {
    return OptimizerRecipe.parse(settings.optimizer());
  }

  private Site site(TrainingData data, Map<String, Object> meta) {
    return new Site(
        data.input(),
        settings.epochs(),
        data.trainingBatches(settings),
        CROSS_ENTROPY,
        settings.seed(),
        Checkpoint.folder(folder.resolve(SNAPSHOTS)),
        meta);
  }

  private Trainer.Builder trainer(Module model, TrainingData data, Site site) {
    Optimizer optimizer = learning().optimizer(settings.rate(), settings.weightDecay());
    Trainer.Builder builder =
        techniques
            .trainer(model, optimizer, site)
            .epochs(settings.epochs())
            .schedule(schedule(settings.epochs()), SCHEDULE_PARTS)
            .seed(settings.seed())
            .store(site.store())
            .meta(site.meta());
    interval.applyTo(builder);
    if (data.validation().size() > 0) {
      builder.validation(data.validationBatches()).watch("val_accuracy", Goal.MAXIMIZE);
    }
    if (settings.patience() > 0) {
      builder.stopEarly(settings.patience(), 0);
    }
    if (settings.minutes() > 0) {
      builder.minutes(settings.minutes());
    }
    return resumed == null ? builder : builder.resume(resumed);
  }

  /**
   * Returns a rise over the first fifth of the run, two epochs at most, then half a cosine down to
   * nothing, in a thousand small steps: a short run falls as smoothly as a long one. Where a
   * constant rate is wanted, that.
   */
  private Schedule schedule(int epochs) {
    double rise = Math.min(0.2, 2.0 / epochs);
    return learning().schedule((int) Math.round(rise * SCHEDULE_PARTS), SCHEDULE_PARTS);
  }

  private History interruptible(Trainer trainer, ProgressLine progress) {
    try (StopOnExit stop = new StopOnExit(trainer::requestStop)) {
      History history = trainer.run();
      progress.close();
      // A stop asked for in the very last step comes too late for the trainer, but it still holds.
      if (stop.isGoingDown() || history.end() == History.End.INTERRUPTED) {
        out.println("interrupted; go on with: ./espalier train --resume " + folder);
        return null;
      }
      return history;
    }
  }
}
