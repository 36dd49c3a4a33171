package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.ResourceReport;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decomposes a tiny trained model by the command, in all the ways there are. */
class DecomposeCommandTest {
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

  @Test
  void aDecomposedModelIsShownTrainedSavedAndEvaluatedAlike() throws IOException {
    Path out = folder.resolve("out");
    Cli decompose =
        Cli.of(
                "decompose %s --data idx:%s --method tucker2 --rank 0.5 --skip conv1,layer3"
                    + " --finetune 2 --recalibrate 3 --batch 8 --threads 1 --out %s",
                run, idx, out)
            .done();
    for (String row : List.of("dense", "decomposed", "recalibrated", "fine-tuned")) {
      assertTrue(decompose.out().matches("(?s).*\n" + row + " +[\\d,]+ .*"), decompose.out());
    }
    Module small = Checkpoint.model(out.resolve("model.safetensors"));
    Module dense = Checkpoint.model(run.resolve("model.safetensors"));
    assertEquals(
        (double) Costs.of(small, INPUT).macs() / Costs.of(dense, INPUT).macs(),
        figure(decompose.out(), "decomposed / dense: (0\\.\\d+) of the MACs"),
        5e-5);
    assertTrue(small.state().containsKey("layer1.0.branch.conv1.core.weight"));
    assertTrue(small.state().containsKey("conv1.weight"), "conv1 was to stay");
    assertTrue(small.state().containsKey("layer3.0.branch.conv1.weight"), "layer3 was to stay");
    double tuned = figure(decompose.out(), "fine-tuned: ([\\d.]+) %");
    Cli eval = Cli.of("eval %s --data idx:%s --threads 1", out, idx).done();
    assertEquals(tuned, figure(eval.out(), "right .*\\(([\\d.]+) %"));
    String report = Files.readString(out.resolve("report.html"));
    assertTrue(report.contains("<h2>Layers</h2>"), report);
    assertTrue(report.contains("<td>fine-tuned</td>"), report);
  }

  @Test
  void costTellsStorageMemoryAndLatencyWhereAskedFor() throws IOException {
    Cli cost = Cli.of("cost %s --resources", run).done();
    Module dense = Checkpoint.model(run.resolve("model.safetensors"));
    ResourceReport report = ResourceReport.of(dense, INPUT);
    String total = cost.out().lines().filter(l -> l.startsWith("total")).findFirst().orElse("");
    assertTrue(total.contains("%,d".formatted(report.storageBits())), cost.out());
    assertTrue(total.contains("%,d".formatted(report.peakActivationBytes())), cost.out());
    assertTrue(total.matches(".* \\d+\\.\\d{3}\\s*"), total);
  }

  @ParameterizedTest
  @CsvSource({
    "svd, 8",
    "svd, energy:0.7",
    "tucker2, 0.5",
    "tucker2, energy:0.6",
    "cp, 0.1",
    "separable:2, ",
    "grouped:4, ",
    "shuffled:4, "
  })
  void everyMethodGivesASmallerModel(String method, String rank) throws IOException {
    Path out = folder.resolve("out");
    Cli decompose =
        Cli.of(
                "decompose %s --data idx:%s --method %s --skip conv1,linear --threads 1 --out %s"
                    + (rank == null ? "" : " --rank " + rank),
                run,
                idx,
                method,
                out)
            .done();
    Module small = Checkpoint.model(out.resolve("model.safetensors"));
    Module dense = Checkpoint.model(run.resolve("model.safetensors"));
    double share = figure(decompose.out(), "MACs, (0\\.\\d+) of the parameters");
    assertEquals(
        share, (double) Costs.of(small, INPUT).params() / Costs.of(dense, INPUT).params(), 5e-5);
    assertTrue(share < 0.9, decompose.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--method lu|--method is svd",
        "--method grouped|--method is svd",
        "--method grouped:3|none of the chosen layers",
        "--method separable --rank 3|--rank is for",
        "--rank 1.5|--rank is a whole number",
        "--method cp --rank energy:0.9|has no meaning",
        "--method svd --rank 17|1..9",
        "--method svd --rank 1.0|choose a smaller --rank",
        "--skip nowhere|--skip names 'nowhere'"
      })
  void refusesWhatCannotBeDone(String options, String part) {
    Path out = folder.resolve("out");
    Cli refused =
        Cli.of("decompose %s --data idx:%s --threads 1 --out %s " + options, run, idx, out);
    assertEquals(2, refused.status(), refused.err() + refused.out());
    assertTrue(refused.err().contains(part), refused.err());
    assertFalse(Files.exists(out), "nothing is written");
  }
}
