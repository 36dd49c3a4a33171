package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Prunes a tiny trained model by the command, in all the ways there are. */
class PruneCommandTest {
  private static final Shape INPUT = Shape.of(8, 8, 1);

  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained =
        TinyRun.train(shared, 48, 30, "--model resnet8 --epochs 2 --batch-size 8 --threads 1");
    idx = trained.data();
    run = trained.folder();
  }

  private static double figure(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern + " in:\n" + text);
    return Double.parseDouble(matcher.group(1).replace(",", ""));
  }

  /** Returns every file below a folder with its bytes. */
  private static Map<String, List<Byte>> contents(Path place) throws IOException {
    Map<String, List<Byte>> contents = new TreeMap<>();
    try (Stream<Path> files = Files.walk(place)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        Byte[] boxed = new Byte[bytes.length];
        java.util.Arrays.setAll(boxed, i -> bytes[i]);
        contents.put(place.relativize(file).toString(), List.of(boxed));
      }
    }
    return contents;
  }

  @ParameterizedTest
  @EnumSource(
      value = Criteria.class,
      names = {"L1", "HRANK", "NISP"})
  void layersLoseWhatIsStatedForThem(Criteria criterion) throws IOException {
    Path out = folder.resolve("by-layer");
    Cli.of(
            "prune %s --data idx:%s --criterion %s --inner-only --cut layer1=75%+layer3=50%"
                + " --images 16 --threads 1 --out %s",
            run, idx, criterion.title(), out)
        .done();
    Module pruned = Checkpoint.model(out.resolve("model.safetensors"));
    assertEquals(
        List.of(4L, 32L, 32L),
        Stream.of("layer1", "layer2", "layer3")
            .map(layer -> (long) pruned.parameter(layer + ".0.branch.conv1.weight").shape().size(0))
            .toList());
  }

  @Test
  void aPrunedModelIsShownSavedAndEvaluatedAlike() throws IOException {
    Path out = folder.resolve("out");
    Map<String, List<Byte>> before = contents(run);
    Cli prune =
        Cli.of(
                "prune %s --data idx:%s --criterion l1 --cut 50%macs --finetune 2 --recalibrate 3"
                    + " --batch 8 --threads 1 --out %s",
                run, idx, out)
            .done();
    assertEquals(before, contents(run), "the dense model was touched");
    assertTrue(figure(prune.out(), "pruned / dense: (0\\.\\d+) of the MACs") <= 0.5);
    assertTrue(prune.out().contains("epoch 2/2  loss "), prune.out());
    for (String row : List.of("dense", "pruned", "recalibrated", "fine-tuned")) {
      assertTrue(prune.out().matches("(?s).*\n" + row + " +[\\d,]+ .*"), row + prune.out());
    }
    double tuned = figure(prune.out(), "fine-tuned: ([\\d.]+) %");
    Cli eval = Cli.of("eval %s --data idx:%s --threads 1", out, idx).done();
    assertEquals(tuned, figure(eval.out(), "right .*\\(([\\d.]+) %"));
    double raw = figure(prune.out(), "\npruned: ([\\d.]+) %");
    Cli first =
        Cli.of(
                "eval %s --data idx:%s --threads 1",
                out.resolve("snapshots/pruned.safetensors"), idx)
            .done();
    assertEquals(raw, figure(first.out(), "right .*\\(([\\d.]+) %"));
    Path picture = TinyData.png(folder.resolve("a.png"), 8, 8);
    Cli.of("predict %s %s", out, picture).done();
    String report = Files.readString(out.resolve("report.html"));
    assertTrue(report.contains("<h2>Channels a layer, before and after</h2>"), report);
    assertTrue(report.contains("<td>fine-tuned</td>"), report);

    Cli again = Cli.of("prune %s --data idx:%s --out %s", run, idx, out);
    assertEquals(2, again.status());
    assertTrue(again.err().contains("is not empty"), again.err());
  }

  @ParameterizedTest
  @EnumSource
  void everyCriterionCutsWhatWasAskedFor(Criteria criterion) throws IOException {
    Path out = folder.resolve("out");
    Cli prune =
        Cli.of(
                "prune %s --data idx:%s --criterion %s --cut 40%params --images 16 --threads 1"
                    + " --out %s",
                run, idx, criterion.title(), out)
            .done();
    assertTrue(prune.out().contains("40 % of the parameters go by " + criterion.title()));
    double left = figure(prune.out(), "MACs, (0\\.\\d+) of the parameters");
    assertTrue(left <= 0.6 && left > 0.3, prune.out());
    Module pruned = Checkpoint.model(out.resolve("model.safetensors"));
    Module dense = Checkpoint.model(run.resolve("model.safetensors"));
    assertEquals(
        left,
        (double) Costs.of(pruned, INPUT).params() / Costs.of(dense, INPUT).params(),
        5e-5,
        prune.out());
  }

  @ParameterizedTest
  @CsvSource({"l1", "hrank", "nisp", "bn"})
  void rankingsChooseDifferently(String criterion) throws IOException {
    Path local = folder.resolve("local");
    Path global = folder.resolve("global");
    String words =
        "prune %s --data idx:%s --criterion %s --cut 40%channels --images 16 --threads 1 --out %s";
    Cli.of(words + " --local", run, idx, criterion, local).done();
    Cli.of(words + " --global", run, idx, criterion, global).done();
    Module one = Checkpoint.model(local.resolve("model.safetensors"));
    Module other = Checkpoint.model(global.resolve("model.safetensors"));
    assertEquals(10, one.state().get("layer1.0.branch.conv1.weight").shape().size(0));
    assertFalse(
        one.state().keySet().stream()
            .allMatch(
                path -> one.state().get(path).shape().equals(other.state().get(path).shape())),
        "both rankings leave the same widths");
  }

  @Test
  void limitsAreKept() throws IOException {
    Path out = folder.resolve("out");
    Cli.of(
            "prune %s --data idx:%s --cut 60%channels --round-to 4 --min-channels 5 --inner-only"
                + " --ignore layer2 --threads 1 --out %s",
            run, idx, out)
        .done();
    Module pruned = Checkpoint.model(out.resolve("model.safetensors"));
    Module dense = Checkpoint.model(run.resolve("model.safetensors"));
    assertEquals(8, pruned.state().get("layer1.0.branch.conv1.weight").shape().size(0));
    assertEquals(24, pruned.state().get("layer3.0.branch.conv1.weight").shape().size(0));
    for (String kept :
        List.of("conv1.weight", "layer2.0.branch.conv1.weight", "layer3.0.branch.conv2.weight")) {
      assertEquals(
          dense.state().get(kept).shape().size(0), pruned.state().get(kept).shape().size(0), kept);
    }
  }

  @Test
  void aDryRunPrintsThePlanAndChangesNothing() throws IOException {
    Map<String, List<Byte>> before = contents(shared);
    Path out = folder.resolve("out");
    Cli dry =
        Cli.of("prune %s --data idx:%s --cut 50%macs --dry-run --out %s", run, idx, out).done();
    assertTrue(dry.out().contains("group 'layer1.0.branch.conv1.weight': 16 -> "), dry.out());
    assertTrue(
        dry.out().contains("layer1.0.branch.conv2.weight"), "what is coupled:\n" + dry.out());
    assertTrue(dry.out().matches("(?s).*MACs [\\d,]+ -> [\\d,]+ \\(5\\d\\.\\d % less\\).*"));
    assertFalse(Files.exists(out));
    assertEquals(before, contents(shared));

    Cli real = Cli.of("prune %s --data idx:%s --cut 50%macs --out %s", run, idx, out).done();
    String costs = dry.out().lines().filter(line -> line.startsWith("MACs ")).toList().get(0);
    assertTrue(real.out().contains(costs), real.out());

    Cli steps = Cli.of("prune %s --data idx:%s --cut 50%macs --steps 3 --dry-run", run, idx).done();
    assertTrue(steps.out().contains("step 3 of 3: MACs "), steps.out());
  }

  @Test
  void stepsCutAndTrainInTurnAndRunsAreTheSameWhateverTheThreads() throws IOException {
    Path one = folder.resolve("one");
    String words =
        "prune %s --data idx:%s --cut 50%macs --criterion l2 --steps 2 --finetune 1 --limit 24"
            + " --test-limit 20 --batch 8 --out %s --threads ";
    Cli prune = Cli.of(words + "1", run, idx, one).done();
    assertTrue(prune.out().contains("step 1 of 2: MACs "), prune.out());
    assertTrue(prune.out().contains("step 2 of 2: MACs "), prune.out());
    assertEquals(2, prune.out().lines().filter(line -> line.startsWith("epoch 1/1")).count());
    assertTrue(figure(prune.out(), "pruned / dense: (0\\.\\d+) of the MACs") <= 0.5);
    assertTrue(prune.out().contains("of 20 test samples"), prune.out());
    Path two = folder.resolve("two");
    Cli.of(words + "2", run, idx, two).done();
    assertArrayEquals(
        Files.readAllBytes(one.resolve("model.safetensors")),
        Files.readAllBytes(two.resolve("model.safetensors")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--criterion l3 | there are l1, l2, bn, hrank, nisp, fpgm, random",
        "--cut half | --cut takes a share",
        "--cut 0%macs | --cut takes a share",
        "--cut 100%macs | --cut takes a share",
        "--cut 50%flops | --cut takes a share",
        "--cut 99.9%macs | the MACs cannot fall to",
        "--cut 50%macs --min-channels 15 --inner-only | the MACs cannot fall to",
        "--cut 50%macs --criterion hrank --max-ratio 0.1 | the MACs cannot fall to",
        "--steps 0 | --steps",
        "--round-to 0 | --round-to",
        "--max-ratio 0 | --max-ratio",
        "--local --global | choose one of",
        "--ignore layer9 | layer9",
        "--finetune -1 | --finetune",
        "--rate 0 | --rate",
        "--augment blur | blur",
        "--batch 0 | --batch-size",
        "--test-limit 31 | --test-limit 31",
        "--finetune 1 --limit 49 | --limit 49",
        "--model resnet8 | leave out --model",
      })
  void wrongUseIsRefusedBeforeAnythingIsWritten(String options, String said) {
    Path out = folder.resolve("out");
    String words = "prune %s --data idx:%s --out %s " + options;
    Cli cli = Cli.of(words, run, idx, out);
    assertEquals(2, cli.status(), cli.out() + cli.err());
    assertTrue(cli.err().contains(said), cli.err());
    assertEquals(1, cli.err().lines().count(), cli.err());
    assertFalse(Files.exists(out), "a run folder was begun");
  }

  @Test
  void bareWeightsArePrunedAsEvalTakesThem() throws IOException {
    Path trained = folder.resolve("trained");
    Cli.of(
            "train --data idx:%s --model mlp-16 --prune none --epochs 2 --validation 0"
                + " --batch-size 8 --out %s",
            idx, trained)
        .done();
    String weights = " --model mlp-16 --weights %s --normalize mnist --data idx:%s --threads 1";
    Path bare = trained.resolve("model.safetensors");
    Path out = folder.resolve("out");
    Cli prune = Cli.of("prune --cut 30%params --out %s" + weights, out, bare, idx).done();
    assertTrue(prune.out().startsWith("mlp-16: 30 % of the parameters go by l1"), prune.out());
    assertEquals(
        figure(Cli.of("eval" + weights, bare, idx).done().out(), "right .*\\(([\\d.]+) %"),
        figure(prune.out(), "dense: ([\\d.]+) %"));
    assertEquals(
        figure(Cli.of("eval %s --data idx:%s", out, idx).done().out(), "right .*\\(([\\d.]+) %"),
        figure(prune.out(), "\npruned: ([\\d.]+) %"));
  }
}
