package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Snapshot;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Trains a network, by default with soft filter pruning on drawn shapes, and leaves a smaller one
 * that loads again.
 */
@Command(
    name = "train",
    description =
        "Trains a network while pruning it, cuts it to a smaller one and shows what was lost.",
    mixinStandardHelpOptions = true)
final class TrainCommand implements Callable<Integer> {
  private static final int INTERRUPTED = 130;
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss");

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--augment",
      description = "none, or a list of flip, cropN, cutoutN (default: what suits the data).")
  private String augment;

  @Option(names = "--limit", description = "Use only the first N training samples.")
  private int limit;

  @Option(
      names = "--validation",
      description =
          "Share of the training samples held out (default: 0.1); early stopping and 'best' look at these.")
  private double validation = 0.1;

  @Option(
      names = "--model",
      description =
          "A model's name (default: resnet20); './espalier cost --help' lists none, a wrong name does.")
  private String model = "resnet20";

  @Option(names = "--epochs", description = "Epochs (default: 12).")
  private int epochs = 12;

  @Option(
      names = "--minutes",
      description = "A time budget instead: as many epochs as fit, the schedule stretched to them.")
  private double minutes;

  @Option(
      names = "--patience",
      description =
          "Stop when validation accuracy has not improved for so many epochs, and keep the best.")
  private int patience;

  @Option(names = "--batch-size", description = "Samples a step (default: 64).")
  private int batchSize = 64;

  @Option(names = "--rate", description = "The highest learning rate (default: 0.1).")
  private double rate = 0.1;

  @Option(names = "--weight-decay", description = "Weight decay (default: 5e-4).")
  private double weightDecay = 5e-4;

  @Option(names = "--prune", description = "none, sfp:RATIO or asfp:RATIO (default: sfp:0.4).")
  private String prune = "sfp:0.4";

  @Option(names = "--seed", description = "The seed of everything random (default: 1).")
  private long seed = 1;

  @Option(names = "--threads", description = "Threads (default: all); results do not depend on it.")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder (default: runs/DATE-MODEL).")
  private Path out;

  @Option(
      names = "--resume",
      paramLabel = "DIR",
      description = "Goes on with an interrupted run; its own options hold.")
  private Path resume;

  @Override
  public Integer call() throws Exception {
    if (threads < 1) {
      throw new IllegalArgumentException("--threads must be at least 1, got " + threads);
    }
    Path folder =
        resume != null
            ? resume
            : out != null ? out : Path.of("runs", STAMP.format(LocalDateTime.now()) + "-" + model);
    Snapshot snapshot = resume == null ? null : interrupted(folder);
    TrainSettings settings =
        snapshot == null ? settings(folder) : TrainSettings.from(snapshot.meta());
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      return pool.submit(
              () -> new TrainingSession(folder, settings, snapshot).run() ? 0 : INTERRUPTED)
          .get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    } finally {
      pool.shutdown();
    }
  }

  private static Snapshot interrupted(Path folder) throws IOException {
    Path last = folder.resolve(TrainingSession.SNAPSHOTS).resolve("last.safetensors");
    if (!Files.isRegularFile(last)) {
      throw new IllegalArgumentException(folder + " holds no run to resume: there is no " + last);
    }
    return Checkpoint.load(last);
  }

  private TrainSettings settings(Path folder) throws IOException {
    if (Files.isDirectory(folder) && isFilled(folder)) {
      throw new IllegalArgumentException(
          folder
              + " is not empty, nothing was overwritten; choose another --out, or go on with --resume "
              + folder);
    }
    check(epochs >= 1, "--epochs must be at least 1, got " + epochs);
    check(minutes >= 0, "--minutes must be above 0, got " + minutes);
    check(limit >= 0, "--limit must be at least 1, got " + limit);
    check(patience >= 0, "--patience must be at least 1, got " + patience);
    check(batchSize >= 1, "--batch-size must be at least 1, got " + batchSize);
    check(
        validation >= 0 && validation < 1,
        "--validation must be from 0 to below 1, got " + validation);
    check(
        patience == 0 || validation > 0,
        "--patience needs held-out samples: set --validation above 0");
    PruneRecipe.parse(prune);
    String words = augment == null ? data.source().usualAugmentation() : augment;
    DataSource.augmentation(words);
    return new TrainSettings(
        data.data,
        data.test,
        data.colour.name(),
        data.size,
        data.resize.name(),
        words,
        limit,
        validation,
        model,
        epochs,
        minutes,
        patience,
        batchSize,
        rate,
        weightDecay,
        prune,
        seed);
  }

  private static boolean isFilled(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }

  private static void check(boolean fine, String message) {
    if (!fine) {
      throw new IllegalArgumentException(message);
    }
  }
}
