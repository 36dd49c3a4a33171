package org.espalier.cli.recipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.ModelInput;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.quant.BatchNormFolding;
import org.espalier.tensor.FormatException;

/**
 * Learns from a trained model's answers beside the targets: {@code --teacher RUN}, {@code
 * --distill} saying how they count.
 */
final class Teaching implements Technique {
  private static final String MODEL = "model.safetensors";

  private final String place;
  private final DistillOptions options;

  private Teaching(String place, DistillOptions options) {
    this.place = place;
    this.options = options;
  }

  /**
   * Reads the words.
   *
   * @param place the teacher's file or run folder
   * @param distill its options; may be null
   */
  static Teaching parse(String place, String distill) {
    return new Teaching(place, DistillOptions.parse(distill == null ? "" : distill));
  }

  @Override
  public Kind kind() {
    return Kind.DISTILL;
  }

  @Override
  public String describe(int epochs) {
    return "taught by %s %s".formatted(place, options.describe());
  }

  @Override
  public void check(Terms terms) {
    if (!Files.isRegularFile(file())) {
      throw new UncheckedIOException(new NoSuchFileException(file().toString()));
    }
  }

  /** Refuses a hint at what int8 training folds away when it freezes norms. */
  @Override
  public void prepare(Module model, Site site) {
    if (!options.hasHint() || !FakeGrids.areOn(model)) {
      return;
    }
    if (BatchNormFolding.foldedPaths(model).contains(options.guided())) {
      throw new IllegalArgumentException(
          "--distill hint=%s: training for integers folds '%s' with its batch norm or layer, so what it computes would change on the way; name the block around it or the activation behind it"
              .formatted(options.hint(), options.guided()));
    }
  }

  private Path file() {
    Path path = Path.of(place);
    return Files.isDirectory(path) ? path.resolve(MODEL) : path;
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    trainer.task(options.task(fitting(site), site.task()));
  }

  /**
   * Returns the teacher; refused where it does not take what the student takes, or tell the same.
   */
  private Module fitting(Site site) {
    Snapshot teacher = load();
    ModelInput mine = ModelInput.of(site.meta());
    ModelInput its = ModelInput.of(teacher.meta());
    require("samples", mine.shape(), its.shape());
    require("classes", mine.classNames(), its.classNames());
    require("normalisation", mine.normalization(), its.normalization());
    return teacher.build();
  }

  private void require(String what, Object mine, Object its) {
    if (!mine.equals(its)) {
      throw new FormatException(
          "--teacher %s: its %s are %s, those of this run %s; a teacher must see what the student sees: train it on the same --data, --limit, --validation and --seed"
              .formatted(place, what, its, mine));
    }
  }

  private Snapshot load() {
    try {
      return Checkpoint.load(file());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void finish(Ending ending) throws IOException {
    ending.addStored("teacher", Checkpoint.load(file()).build(), file());
  }
}
