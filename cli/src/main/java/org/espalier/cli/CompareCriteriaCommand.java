package org.espalier.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.zip.CRC32C;
import org.espalier.io.data.Dataset;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.ChannelGraph;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Cuts one model by several criteria and shows which of them are worth more than chance. */
@Command(
    name = "compare-criteria",
    description =
        "Cuts a trained model by several criteria and shows accuracy against MACs; started again, it goes on.",
    mixinStandardHelpOptions = true)
final class CompareCriteriaCommand implements Callable<Integer> {
  @Mixin private ModelOptions model = new ModelOptions();

  @Mixin private DataOptions data = new DataOptions();

  @Option(
      names = "--criteria",
      paramLabel = "LIST",
      description = "The criteria (default: l1,bn,hrank,nisp,fpgm,random).")
  private String criteriaNames = "l1,bn,hrank,nisp,fpgm,random";

  @Option(
      names = "--cuts",
      paramLabel = "LIST",
      description = "What goes, of the MACs where nothing is said (default: 30%%,50%%,70%%).")
  private String cutTexts = "30%,50%,70%";

  @Option(
      names = "--seeds",
      paramLabel = "N",
      description = "How many random choices stand for random (default: 3).")
  private int seeds = 3;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description =
          "The run folder (default: runs/DATE-MODEL-criteria); finished runs found there are kept.")
  private Path out;

  @Mixin private RankingOptions ranking = new RankingOptions();

  @Mixin private RetrainingOptions retraining = new RetrainingOptions();

  @Mixin private SampleOptions samples = new SampleOptions();

  private final PrintStream console = System.out;

  @Override
  public Integer call() throws Exception {
    List<Criteria> criteria = Criteria.list("--criteria", criteriaNames);
    List<Cut> cuts = Cut.list("--cuts", cutTexts);
    check();
    Path folder = RunFolder.named(out, model.title() + "-criteria");
    Map<String, Object> settings = settings();
    ComparisonLog.check(folder, settings);
    Dataset test = PruningData.test(data, samples);
    ModelFile loaded = model.load(test);
    retraining.checkTeacher(loaded.model());
    boolean needed =
        retraining.needsTraining() || criteria.stream().anyMatch(Criteria::needsImages);
    PruningData parts = PruningData.of(data, samples, test, loaded.normalization(), needed);
    return Workers.run(
        samples.threads(),
        () -> {
          checkReach(criteria, cuts, loaded, parts);
          try (ComparisonLog log = ComparisonLog.open(folder, settings)) {
            console.println("run folder: " + folder);
            compare(keys(criteria, cuts), log, loaded, parts);
            report(criteria, cuts, log, folder);
          }
          return 0;
        });
  }

  private void check() {
    model.check("compare-criteria");
    data.check();
    ranking.check();
    retraining.check();
    samples.check();
    if (seeds < 1) {
      throw new IllegalArgumentException("--seeds must be at least 1, got " + seeds);
    }
  }

  /** Returns everything that changes the result of a run. */
  private Map<String, Object> settings() throws IOException {
    CRC32C sum = new CRC32C();
    sum.update(Files.readAllBytes(model.path()));
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("model", model.title());
    settings.put("model_checksum", sum.getValue());
    settings.put("data", data.data);
    settings.put("test", data.test == null ? "" : data.test);
    ranking.addTo(settings);
    retraining.addTo(settings);
    samples.addTo(settings);
    return settings;
  }

  /** Refuses cuts that no choice reaches before an hour has gone into others. */
  private void checkReach(
      List<Criteria> criteria, List<Cut> cuts, ModelFile loaded, PruningData parts) {
    ChannelGraph graph = ranking.graph(loaded);
    for (Cut cut : cuts) {
      for (Criteria criterion : criteria) {
        ranking.pruner(criterion, cut, graph, parts, 0);
      }
    }
  }

  private List<ComparedRun.Key> keys(List<Criteria> criteria, List<Cut> cuts) {
    List<ComparedRun.Key> keys = new ArrayList<>(List.of(ComparedRun.Key.DENSE));
    for (Cut cut : cuts) {
      for (Criteria criterion : criteria) {
        keys.addAll(keys(criterion, cut));
      }
    }
    return keys;
  }

  /** Returns one run, or for random scores one a seed. */
  private List<ComparedRun.Key> keys(Criteria criterion, Cut cut) {
    List<ComparedRun.Key> keys = new ArrayList<>();
    int count = criterion == Criteria.RANDOM ? seeds : 1;
    for (int i = 0; i < count; i++) {
      long seed = criterion == Criteria.RANDOM ? samples.seed() + i : 0;
      keys.add(new ComparedRun.Key(criterion.title(), cut.option(), seed));
    }
    return keys;
  }

  private void compare(
      List<ComparedRun.Key> keys, ComparisonLog log, ModelFile loaded, PruningData parts) {
    for (int i = 0; i < keys.size(); i++) {
      ComparedRun found = log.find(keys.get(i));
      boolean known = found != null;
      if (!known) {
        found = run(keys.get(i), loaded, parts);
        log.add(found);
      }
      console.println(
          "run %d/%d  %s: %s"
              .formatted(
                  i + 1, keys.size(), keys.get(i), known ? "finished before" : describe(found)));
    }
  }

  private static String describe(ComparedRun run) {
    String tuned =
        run.tuned() == null ? "" : ", fine-tuned " + Figures.percent(run.tuned().value());
    return "%s%s  (%s)"
        .formatted(Figures.percent(run.cut().value()), tuned, Figures.duration(run.seconds()));
  }

  private ComparedRun run(ComparedRun.Key key, ModelFile loaded, PruningData parts) {
    long start = System.nanoTime();
    Module pruned = PruningSession.copy(loaded.model());
    boolean dense = key.equals(ComparedRun.Key.DENSE);
    if (!dense) {
      ChannelGraph graph = ranking.graph(new ModelFile(pruned, loaded.use()));
      ranking
          .pruner(
              Criteria.named("--criteria", key.criterion()),
              Cut.parse("--cuts", key.amount()),
              graph,
              parts,
              key.seed())
          .plan(graph)
          .apply();
      retraining.recalibrate(pruned, parts);
    }
    Hits cut = new Hits();
    parts.evaluate(pruned, cut);
    Costs costs = Costs.of(pruned, loaded.input());
    Hits tuned = null;
    if (retraining.isTraining() && !dense) {
      tuned = new Hits();
      retraining.train(pruned, loaded, parts, data.source().usualAugmentation(), console);
      parts.evaluate(pruned, tuned);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new ComparedRun(key, costs.macs(), costs.params(), cut, tuned, seconds);
  }

  private void report(List<Criteria> criteria, List<Cut> cuts, ComparisonLog log, Path folder)
      throws IOException {
    List<ComparisonReport.Row> rows = new ArrayList<>();
    for (Cut cut : cuts) {
      for (Criteria criterion : criteria) {
        rows.add(
            new ComparisonReport.Row(
                criterion.title(), cut, keys(criterion, cut).stream().map(log::find).toList()));
      }
    }
    ComparisonReport report =
        new ComparisonReport(
            model.named(), log.find(ComparedRun.Key.DENSE), rows, retraining.describe());
    console.println();
    console.println(report.table());
    console.println(ComparisonReport.EXPLAINED);
    report.write(folder);
    console.println();
    console.println("report  " + folder.resolve(ComparisonReport.HTML));
    console.println("table   " + folder.resolve(ComparisonReport.MARKDOWN));
    console.println("runs    " + folder.resolve(ComparisonLog.FILE));
  }
}
