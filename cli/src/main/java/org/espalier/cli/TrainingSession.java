package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.espalier.io.Checkpoint;
import org.espalier.io.JsonLines;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Split;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.model.Models;
import org.espalier.optim.Goal;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.KernelLookup;

/** Runs one training from data to report, or the rest of an interrupted one. */
final class TrainingSession {
  /** The folder of snapshots in a run folder. */
  static final String SNAPSHOTS = "snapshots";

  /** The snapshot of the weights before the last pruning step. */
  static final String DENSE = "dense";

  private static final double SECONDS_BETWEEN_SNAPSHOTS = 60;
  private static final int WARM_UP_EPOCHS = 2;
  private static final int EVALUATION_BATCH = 100;

  /** The loss of every run: cross entropy of the logits. */
  static final Loss CROSS_ENTROPY = new CrossEntropy();

  private final Path folder;
  private final TrainSettings settings;
  private final Snapshot resumed;
  private final PrintStream out = System.out;
  private final CountDownLatch finished = new CountDownLatch(1);

  TrainingSession(Path folder, TrainSettings settings, Snapshot resumed) {
    this.folder = folder;
    this.settings = settings;
    this.resumed = resumed;
  }

  /** Trains, cuts and reports; returns false if the run was interrupted and can be resumed. */
  boolean run() throws IOException {
    try {
      return trainAndFinish();
    } finally {
      finished.countDown();
    }
  }

  private boolean trainAndFinish() throws IOException {
    DataOptions options = settings.dataOptions();
    DataSource source = options.source();
    Dataset all = limited(source.training());
    Dataset test = options.test();
    Random random = Random.of(settings.seed());
    Split split =
        settings.validation() > 0
            ? all.split(settings.validation(), random)
            : new Split(all, all.take(0));
    Normalization normalization = source.normalization(split.training());
    Shape input = all.sampleShape();
    DataOptions.checkFits(test, input);
    Module model =
        resumed != null
            ? resumed.build()
            : Models.byName(settings.model(), input, all.classNames().size())
                .initialize(settings.seed());
    Map<String, Object> meta = ModelFile.meta(input, normalization, all.classNames());
    settings.addTo(meta);
    meta.put("kernels", KernelLookup.describe());
    announce(split, test, model, input);
    long start = System.nanoTime();
    History history = train(model, split, normalization, random, meta);
    if (history.end() == History.End.INTERRUPTED) {
      out.println("interrupted; go on with: ./espalier train --resume " + folder);
      return false;
    }
    out.println("trained in " + Figures.duration((System.nanoTime() - start) / 1e9));
    Loader tests = Loader.of(test).batchSize(EVALUATION_BATCH).normalize(normalization).build();
    new Finish(
            folder,
            settings,
            new ModelFile(model, input, normalization, all.classNames()),
            meta,
            test,
            tests)
        .finish(history, out);
    return true;
  }

  private Dataset limited(Dataset data) {
    return settings.limit() == 0 ? data : data.take(settings.limit());
  }

  private void announce(Split split, Dataset test, Module model, Shape input) {
    out.println(
        "%s on %s: %s training, %s validation, %s test samples %s; %s"
            .formatted(
                settings.model(),
                settings.data(),
                Figures.count(split.training().size()),
                Figures.count(split.validation().size()),
                Figures.count(test.size()),
                input,
                settings.prune().equals("none") ? "no pruning" : settings.prune()));
    out.println("kernels: " + KernelLookup.describe());
    out.println("run folder: " + folder + (resumed == null ? "" : " (resumed)"));
  }

  private History train(
      Module model,
      Split split,
      Normalization normalization,
      Random random,
      Map<String, Object> meta)
      throws IOException {
    Files.createDirectories(folder);
    Path logFile = folder.resolve("log.jsonl");
    Snapshot.Store store = Checkpoint.folder(folder.resolve(SNAPSHOTS));
    try (JsonLines log = resumed == null ? JsonLines.create(logFile) : JsonLines.append(logFile);
        ProgressLine progress = new ProgressLine(out, ProgressLine.isTerminal())) {
      Trainer.Builder builder =
          Trainer.builder(
                  model, CROSS_ENTROPY, sgd(), training(split.training(), normalization, random))
              .epochs(settings.epochs())
              .schedule(
                  Schedule.warmupCosine(
                      Math.min(WARM_UP_EPOCHS, settings.epochs() - 1), settings.epochs(), 0))
              .seed(settings.seed())
              .store(store)
              .saveEverySeconds(SECONDS_BETWEEN_SNAPSHOTS)
              .meta(meta)
              .log(log)
              .progress(progress::show);
      addValidation(builder, split.validation(), normalization);
      addPruning(builder, split.training().sampleShape(), store, meta);
      if (settings.minutes() > 0) {
        builder.minutes(settings.minutes());
      }
      if (resumed != null) {
        builder.resume(resumed);
      }
      return interruptible(builder.build());
    } catch (OutOfMemoryError e) {
      throw new IllegalStateException(
          "out of memory at batch size "
              + settings.batchSize()
              + ": choose a smaller --batch-size, or more heap with ESPALIER_JAVA_OPTS=-Xmx8g",
          e);
    }
  }

  private Sgd sgd() {
    return Sgd.builder()
        .rate(settings.rate())
        .momentum(0.9)
        .nesterov(true)
        .weightDecay(settings.weightDecay())
        .build();
  }

  private Loader training(Dataset data, Normalization normalization, Random random) {
    return Loader.of(data)
        .batchSize(settings.batchSize())
        .dropLast(data.size() >= settings.batchSize())
        .shuffle(random)
        .augment(DataSource.augmentation(settings.augment()), random)
        .normalize(normalization)
        .build();
  }

  private void addValidation(Trainer.Builder builder, Dataset held, Normalization normalization) {
    if (held.size() > 0) {
      builder
          .validation(Loader.of(held).batchSize(EVALUATION_BATCH).normalize(normalization).build())
          .watch("val_accuracy", Goal.MAXIMIZE);
    }
    if (settings.patience() > 0) {
      builder.stopEarly(settings.patience(), 0);
    }
  }

  private void addPruning(
      Trainer.Builder builder, Shape input, Snapshot.Store store, Map<String, Object> meta) {
    PruneRecipe recipe = PruneRecipe.parse(settings.prune());
    if (recipe.isPruning()) {
      builder.callback(new KeepDense(store, meta)).callback(new PlannedPruning(input, recipe));
    }
  }

  /**
   * Saves the weights before each pruning step, so that the table can show what the last one cost.
   */
  private record KeepDense(Snapshot.Store store, Map<String, Object> meta) implements Callback {
    @Override
    public String name() {
      return "keep the dense weights";
    }

    @Override
    public void epochDone(Epoch epoch) {
      store.save(DENSE, Snapshot.of(epoch.model(), new LinkedHashMap<>(meta)));
    }
  }

  /**
   * Runs the trainer; Ctrl-C lets it finish its step and save a snapshot before the machine goes
   * down.
   */
  private History interruptible(Trainer trainer) {
    Thread onExit =
        new Thread(
            () -> {
              trainer.requestStop();
              awaitQuietly(finished);
            },
            "espalier-save-on-exit");
    Runtime.getRuntime().addShutdownHook(onExit);
    History history = trainer.run();
    if (history.end() != History.End.INTERRUPTED) {
      Runtime.getRuntime().removeShutdownHook(onExit);
    }
    return history;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(2, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
