package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.espalier.io.data.Dataset;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.Sensitivity;
import org.espalier.sparse.prune.SensitivityAnalysis;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Prunes one layer at a time and shows what each costs. */
@Command(
    name = "sensitivity",
    description =
        "Prunes one layer at a time, without training, and shows how much accuracy each costs.",
    mixinStandardHelpOptions = true)
final class SensitivityCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--criterion",
      paramLabel = "NAME",
      description = "l1, l2, bn, hrank, nisp, fpgm or random (default: l1).")
  private String criterionName = "l1";

  @Option(
      names = "--ratios",
      paramLabel = "LIST",
      description = "The shares that a layer loses, ascending (default: 0.1,0.2,...,0.9).")
  private String ratioTexts = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9";

  @Option(
      names = "--images",
      paramLabel = "N",
      description = "Training images that hrank and nisp look at, at most (default: 500 and 2000).")
  private int images;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "The run folder (default: runs/DATE-MODEL-sensitivity).")
  private Path out;

  @Mixin private GroupOptions groups = new GroupOptions();

  @Mixin private SampleOptions samples = new SampleOptions();

  private final PrintStream console = System.out;

  @Override
  public Integer call() throws Exception {
    Criteria criterion = Criteria.named("--criterion", criterionName);
    List<Double> ratios = ratios();
    model.check("sensitivity");
    data.check();
    groups.check();
    samples.check();
    if (images < 0) {
      throw new IllegalArgumentException("--images must be at least 1, got " + images);
    }
    Path folder = RunFolder.named(out, model.title() + "-sensitivity");
    RunFolder.checkNew(folder, "choose another --out");
    Dataset test = PruningData.test(data, samples);
    ModelFile loaded = model.load(test);
    PruningData parts =
        PruningData.of(data, samples, test, loaded.normalization(), criterion.needsImages());
    return Workers.run(
        samples.threads(),
        () -> {
          measure(criterion, ratios, loaded, parts, folder);
          return 0;
        });
  }

  private List<Double> ratios() {
    List<Double> ratios = new ArrayList<>();
    for (String text : ratioTexts.split(",", -1)) {
      double ratio;
      try {
        ratio = Double.parseDouble(text.strip());
      } catch (NumberFormatException e) {
        ratio = Double.NaN;
      }
      double before = ratios.isEmpty() ? 0 : ratios.get(ratios.size() - 1);
      if (!(ratio > before && ratio < 1)) {
        throw new IllegalArgumentException(
            "--ratios takes shares that rise between 0 and 1, such as 0.25,0.5,0.75; got '"
                + ratioTexts
                + "'");
      }
      ratios.add(ratio);
    }
    return ratios;
  }

  private void measure(
      Criteria criterion, List<Double> ratios, ModelFile loaded, PruningData parts, Path folder)
      throws IOException {
    ChannelGraph graph = groups.graph(loaded.model(), loaded.input());
    // Each layer is pruned by itself: nothing that goes elsewhere changes what it is worth.
    Criteria.Evidence evidence =
        new Criteria.Evidence(parts::evidence, images, Ratios.of(0), parts.seed());
    Pruner pruner =
        groups.limited(Pruner.local(criterion.of(evidence, Ranking.LOCAL), Ratios.of(0)));
    console.println(
        "%s: each layer by itself loses filters by %s; %s test samples"
            .formatted(model.named(), criterion.title(), Figures.count(parts.test().size())));
    double last = ratios.get(ratios.size() - 1);
    Sensitivity found =
        new SensitivityAnalysis(pruner, ratios)
            .run(graph, trial -> parts.evaluate(trial).accuracy(), row -> show(row, last));
    Files.createDirectories(folder);
    SensitivityReport report = new SensitivityReport(found, criterion.title(), model.named());
    console.println();
    console.println(report.table());
    console.println("whole model: " + Figures.percent(found.baseline()));
    report.write(folder);
    console.println();
    console.println("report  " + folder.resolve(SensitivityReport.HTML));
    console.println("table   " + folder.resolve(SensitivityReport.CSV));
    console.println("curves  " + folder.resolve(SensitivityReport.JSON));
  }

  private void show(Sensitivity.Row row, double last) {
    if (row.ratio() == last) {
      console.println(
          "%s  %d -> %d channels: %s"
              .formatted(row.layer(), row.channels(), row.kept(), Figures.percent(row.accuracy())));
    }
  }
}
