package org.espalier.cli;

import static java.lang.Double.isFinite;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.espalier.cli.recipe.OptimizerRecipe;
import org.espalier.cli.recipe.TechniqueWords;
import org.espalier.cli.recipe.Techniques;
import org.espalier.cli.recipe.Terms;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Snapshot;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

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
  private static final Set<String> WITH_RESUME = Set.of("--resume", "--threads", "--save-every");

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--augment",
      description = "none, or a list of flip, cropN, cutoutN (default: what suits the data).")
  private String augment;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Use only N of the training samples, drawn by the seed.")
  private Integer limit;

  @Option(
      names = "--validation",
      description =
          "Share of the training samples held out (default: 0.1); early stopping and 'best' look at these.")
  private double validation = 0.1;

  @Option(
      names = "--model",
      description =
          "A model's name (default: resnet20); a name that does not exist lists those that do.")
  private String model;

  @Option(
      names = "--weights",
      paramLabel = "FILE",
      description =
          "Start from trained weights: a model file or a run folder, or with --model and --normalize bare weights as"
              + " PyTorch names them.")
  private String weights;

  @Option(
      names = "--normalize",
      paramLabel = "WORD",
      description = "For bare weights: " + NormalizationOption.FORMS + ".")
  private String normalize;

  @Option(names = "--epochs", description = "Epochs (default: 12).")
  private int epochs = 12;

  @Option(
      names = "--minutes",
      description = "A time budget instead: as many epochs as fit, the schedule stretched to them.")
  private Double minutes;

  @Option(
      names = "--patience",
      description =
          "Stop when validation accuracy has not improved for so many epochs, and keep the best.")
  private Integer patience;

  @Option(names = "--batch-size", description = "Samples a step (default: 64).")
  private int batchSize = 64;

  @Option(
      names = "--optimizer",
      description =
          "sgd or rls (recursive least squares), with options as in sgd:momentum=0,schedule=constant or"
              + " rls:momentum=0.5 (default: sgd).")
  private String optimizer = "sgd";

  @Option(
      names = "--rate",
      description = "The highest learning rate (default: 0.1; 1 for --optimizer rls).")
  private Double rate;

  @Option(
      names = "--weight-decay",
      description = "Weight decay (default: 5e-4; none for --optimizer rls).")
  private Double weightDecay;

  @Mixin private TechniqueOptions techniques = new TechniqueOptions();

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
      description = "Goes on with an interrupted run; the options it was started with hold.")
  private Path resume;

  @Option(
      names = "--recipe",
      paramLabel = "FILE",
      description =
          "Takes the options that are not named here from a JSON file, such as the recipe.json that every run leaves"
              + " in its folder: that one repeats the run.")
  private Path recipe;

  @Option(
      names = "--save-every",
      paramLabel = "INTERVAL",
      description =
          "Save what --resume needs after so many seconds (60) or steps (100steps), beside the end of"
              + " each epoch (default: 60).")
  private String saveEvery = "60";

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    if (recipe != null) {
      take(RecipeFile.read(recipe, spec));
    }
    check(threads >= 1, "--threads must be at least 1, got " + threads);
    SaveInterval interval = SaveInterval.parse(saveEvery);
    TrainingSession session = resume == null ? started(interval) : resumed(interval);
    return Workers.run(threads, session::run) ? 0 : INTERRUPTED;
  }

  /** Reads the command line once more, the options of a recipe in place of the usual ones. */
  private void take(RecipeFile file) {
    CommandLine command = spec.commandLine();
    List<String> all = command.getParseResult().originalArgs();
    List<String> arguments = all.subList(all.indexOf(spec.name()) + 1, all.size());
    try {
      command.setDefaultValueProvider(file);
      command.parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
    command.getOut().println(file.describe(command.getParseResult()));
    command.getOut().flush();
  }

  private TrainingSession started(SaveInterval interval) throws IOException {
    StartingPoint start = StartingPoint.of(architecture(), weights, normalize);
    Path folder = RunFolder.named(out, start.title());
    return new TrainingSession(folder, settings(folder, start), null, interval);
  }

  /**
   * Returns the model's name; that of a recipe gives way to a trained model of the command line.
   */
  private String architecture() {
    ParseResult said = spec.commandLine().getParseResult();
    boolean givesWay =
        said.hasMatchedOption("--weights")
            && !said.hasMatchedOption("--model")
            && normalize == null;
    return givesWay ? null : model;
  }

  private TrainingSession resumed(SaveInterval interval) throws IOException {
    checkOnlyResumeOptions();
    Path last =
        resume.resolve(TrainingSession.SNAPSHOTS).resolve(TrainingSession.LAST + ".safetensors");
    if (!Files.isRegularFile(last)) {
      throw new IllegalArgumentException(resume + " holds no run to resume: there is no " + last);
    }
    Snapshot snapshot = Checkpoint.load(last);
    return new TrainingSession(resume, TrainSettings.from(snapshot.meta()), snapshot, interval);
  }

  /** Refuses options that would have to be ignored: a resumed run ends as it would have ended. */
  private void checkOnlyResumeOptions() {
    List<String> others =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(name -> !WITH_RESUME.contains(name))
            .toList();
    check(
        others.isEmpty(),
        "--resume goes on with the options the run was started with: leave out "
            + String.join(", ", others));
  }

  private TrainSettings settings(Path folder, StartingPoint start) throws IOException {
    RunFolder.checkNew(folder, "choose another --out, or go on with --resume " + folder);
    check(epochs >= 1, "--epochs must be at least 1, got " + epochs);
    check(minutes == null || minutes > 0, "--minutes must be above 0, got " + minutes);
    check(limit == null || limit >= 1, "--limit must be at least 1, got " + limit);
    check(patience == null || patience >= 1, "--patience must be at least 1, got " + patience);
    check(batchSize >= 1, "--batch-size must be at least 1, got " + batchSize);
    OptimizerRecipe learning = OptimizerRecipe.parse(optimizer);
    double step = rate == null ? learning.usualRate() : rate;
    double decay = weightDecay == null ? learning.usualWeightDecay() : weightDecay;
    check(isFinite(step) && step > 0, "--rate must be above 0, got " + step);
    check(isFinite(decay) && decay >= 0, "--weight-decay must be at least 0, got " + decay);
    learning.optimizer(step, decay);
    learning.schedule(0, 1);
    check(
        validation >= 0 && validation < 1,
        "--validation must be from 0 to below 1, got " + validation);
    check(
        patience == null || validation > 0,
        "--patience needs held-out samples: set --validation above 0");
    TechniqueWords asked = techniques.words();
    Techniques.parse(asked)
        .check(new Terms(learning, epochs, minutes != null, patience != null, validation));
    data.check();
    String words = augment == null ? data.source().usualAugmentation() : augment;
    DataSource.named(words);
    return new TrainSettings(
        data.data,
        data.test,
        data.colour == null ? null : data.colour.name(),
        data.size,
        data.resize == null ? null : data.resize.name(),
        words,
        limit == null ? 0 : limit,
        validation,
        start,
        epochs,
        minutes == null ? 0 : minutes,
        patience == null ? 0 : patience,
        batchSize,
        optimizer,
        step,
        decay,
        asked,
        seed);
  }

  private static void check(boolean fine, String message) {
    if (!fine) {
      throw new IllegalArgumentException(message);
    }
  }
}
