package org.espalier.cli.recipe;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.ModelInput;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.DistillationLoss;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.distillation.Distillation;
import org.espalier.sparse.quant.BatchNormFolding;
import org.espalier.tensor.FormatException;

/**
 * Learns from a trained model's answers beside the targets: {@code --teacher RUN}, with {@code
 * --distill T=4,a=0.9} for temperature and share, and {@code hint=THEIRS:OURS} for what two modules
 * compute inside, {@code hint-weight} saying how much that counts.
 */
final class Teaching implements Technique {
  private static final String MODEL = "model.safetensors";
  private static final Set<String> NAMES = new TreeSet<>(Set.of("t", "a", "hint", "hint-weight"));

  private final String place;
  private final NamedOptions options;
  private final DistillationLoss loss;

  private Teaching(String place, NamedOptions options) {
    this.place = place;
    this.options = options;
    loss =
        new DistillationLoss(
            options.number("t", DistillationLoss.DEFAULT_TEMPERATURE),
            options.number("a", DistillationLoss.DEFAULT_ALPHA));
    if (options.has("hint") && options.list("hint").length != 2) {
      throw options.wrong(
          "hint", "a module of the teacher and one of the student, as in layer3:layer3");
    }
    if (options.has("hint-weight") && !options.has("hint")) {
      throw new IllegalArgumentException(
          "--distill: hint-weight weighs a hint; name one with hint");
    }
  }

  /**
   * Reads the words.
   *
   * @param place the teacher's file or run folder
   * @param distill its options; may be null
   */
  static Teaching parse(String place, String distill) {
    return new Teaching(
        place, NamedOptions.parse("--distill", distill == null ? "" : distill, NAMES));
  }

  @Override
  public Kind kind() {
    return Kind.DISTILL;
  }

  @Override
  public String describe(int epochs) {
    String text =
        "taught by %s (T=%s, a=%s)"
            .formatted(
                place, NamedOptions.plain(loss.temperature()), NamedOptions.plain(loss.alpha()));
    return options.has("hint") ? text + " and what it computes inside" : text;
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
    if (!options.has("hint") || !FakeGrids.areOn(model)) {
      return;
    }
    String path = options.list("hint")[1];
    if (BatchNormFolding.foldedPaths(model).contains(path)) {
      throw new IllegalArgumentException(
          "--distill hint=%s: training for integers folds '%s' with its batch norm or layer, so what it computes would change on the way; name the block around it or the activation behind it"
              .formatted(String.join(":", options.list("hint")), path));
    }
  }

  private Path file() {
    Path path = Path.of(place);
    return Files.isDirectory(path) ? path.resolve(MODEL) : path;
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    Distillation.Builder builder =
        Distillation.from(fitting(site))
            .loss(new DistillationLoss(loss.temperature(), loss.alpha(), site.task()));
    if (options.has("hint")) {
      String[] paths = options.list("hint");
      builder.hint(paths[0], paths[1], options.number("hint-weight", 1));
    }
    trainer.task(builder.build());
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
