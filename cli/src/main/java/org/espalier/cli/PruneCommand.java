package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.espalier.io.data.Dataset;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.IterativePruning;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Cuts a trained model to a smaller one by a criterion, and trains it again. */
@Command(
    name = "prune",
    description = "Cuts a trained model to a smaller one, trains it again and shows what was lost.",
    mixinStandardHelpOptions = true)
final class PruneCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--criterion",
      paramLabel = "NAME",
      description = "l1, l2, bn, hrank, nisp, fpgm or random (default: l1).")
  private String criterionName = "l1";

  @Option(
      names = "--cut",
      paramLabel = "AMOUNT",
      description =
          "What goes: 50%%macs, 30%%params, 40%%channels, or of the channels of layers"
              + " layer1=60%%+layer2=30%% (default: 50%%macs).")
  private String cutText = "50%macs";

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Cut in N equal steps, each followed by what follows a cut (default: 1).")
  private int steps = 1;

  @Option(
      names = "--dry-run",
      description = "Print what would go, why it is coupled and what it saves; cut nothing.")
  private boolean dryRun;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder (default: runs/DATE-MODEL-pruned).")
  private Path out;

  @Mixin private RankingOptions ranking = new RankingOptions();

  @Mixin private RetrainingOptions retraining = new RetrainingOptions();

  @Mixin private SampleOptions samples = new SampleOptions();

  private final PrintStream console = System.out;

  @Override
  public Integer call() throws Exception {
    Criteria criterion = Criteria.named("--criterion", criterionName);
    Cut cut = Cut.parse("--cut", cutText);
    check();
    Path folder = RunFolder.named(out, model.title() + "-pruned");
    if (!dryRun) {
      RunFolder.checkNew(folder, "choose another --out");
    }
    Dataset test = PruningData.test(data, samples);
    ModelFile loaded = model.load(test);
    retraining.checkTeacher(loaded.model());
    boolean needed = criterion.needsImages() || retraining.needsTraining() && !dryRun;
    PruningData parts = PruningData.of(data, samples, test, loaded.normalization(), needed);
    return Workers.run(
        samples.threads(),
        () -> {
          prune(new PruningRecipe(criterion, cut, steps), loaded, parts, folder);
          return 0;
        });
  }

  private void check() {
    model.check("prune");
    data.check();
    ranking.check();
    retraining.check();
    samples.check();
    if (steps < 1) {
      throw new IllegalArgumentException("--steps must be at least 1, got " + steps);
    }
  }

  private void prune(PruningRecipe recipe, ModelFile loaded, PruningData parts, Path folder)
      throws IOException {
    ModelFile cutModel = new ModelFile(PruningSession.copy(loaded.model()), loaded.use());
    ChannelGraph graph = ranking.graph(cutModel);
    Pruner pruner = ranking.pruner(recipe.criterion(), recipe.cut(), graph, parts, parts.seed());
    console.println(
        "%s: %s go by %s%s; %s"
            .formatted(
                model.named(),
                recipe.cut(),
                recipe.criterion().title(),
                steps == 1 ? "" : " in " + steps + " steps",
                retraining.describe()));
    if (dryRun) {
      console.println(
          steps == 1
              ? pruner.plan(graph).explain()
              : IterativePruning.evenly(pruner, steps).dryRun(graph));
      return;
    }
    // The whole plan comes first: what cannot be reached is refused before anything is written.
    PruningPlan plan = pruner.plan(graph);
    console.println(plan.costs());
    console.println("run folder: " + folder);
    new PruningSession(folder, recipe, loaded, model.bytes(), parts, retraining, console)
        .run(graph, pruner, plan, data.source().usualAugmentation());
  }
}
