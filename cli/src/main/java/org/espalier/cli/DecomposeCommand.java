package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.espalier.io.data.Dataset;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Replaces the layers of a trained model by chains of smaller ones, and trains it again. */
@Command(
    name = "decompose",
    description =
        "Replaces trained layers by chains of smaller ones, trains them and shows what was lost.",
    mixinStandardHelpOptions = true)
final class DecomposeCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--method",
      paramLabel = "NAME",
      description = DecompositionRecipe.METHODS + " (default: tucker2).")
  private String method = "tucker2";

  @Option(
      names = "--rank",
      paramLabel = "RANK",
      description =
          DecompositionRecipe.RANKS
              + "; a share is of the full rank, for cp of the layer's weights (default: 0.25).")
  private String rank;

  @Option(
      names = "--skip",
      paramLabel = "PATH",
      split = ",",
      description = "Layers or blocks that stay as they are, such as conv1,fc.")
  private List<String> skipped = List.of();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder (default: runs/DATE-MODEL-decomposed).")
  private Path out;

  @Mixin private RetrainingOptions retraining = new RetrainingOptions();

  @Mixin private SampleOptions samples = new SampleOptions();

  private final PrintStream console = System.out;

  @Override
  public Integer call() throws Exception {
    model.check("decompose");
    data.check();
    retraining.check();
    samples.check();
    DecompositionRecipe recipe = DecompositionRecipe.parse(method, rank, skipped);
    Path folder = RunFolder.named(out, model.title() + "-decomposed");
    RunFolder.checkNew(folder, "choose another --out");
    Dataset test = PruningData.test(data, samples);
    ModelFile loaded = model.load(test);
    retraining.checkTeacher(loaded.model());
    recipe.check(loaded.model());
    PruningData parts =
        PruningData.of(data, samples, test, loaded.normalization(), retraining.needsTraining());
    return Workers.run(
        samples.threads(),
        () -> {
          decompose(recipe, loaded, parts, folder);
          return 0;
        });
  }

  private void decompose(
      DecompositionRecipe recipe, ModelFile loaded, PruningData parts, Path folder)
      throws IOException {
    console.println("%s: %s; %s".formatted(model.named(), recipe.title(), retraining.describe()));
    new DecompositionSession(folder, recipe, loaded, parts, retraining, console)
        .run(model.bytes(), data.source().usualAugmentation());
  }
}
