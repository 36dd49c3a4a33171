package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.io.Json;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SensitivityCommandTest {
  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained = TinyRun.train(shared, 24, 12, "--model resnet8 --epochs 1 --batch-size 8");
    idx = trained.data();
    run = trained.folder();
  }

  @ParameterizedTest
  @CsvSource({"l1", "bn", "hrank", "nisp"})
  void everyLayerIsInTableCurvesAndFiles(String criterion) throws IOException {
    Path out = folder.resolve("out");
    Cli cli =
        Cli.of(
                "sensitivity %s --data idx:%s --criterion %s --ratios 0.25,0.75 --inner-only"
                    + " --images 8 --out %s",
                run, idx, criterion, out)
            .done();
    List<String> layers =
        List.of("layer1.0.branch.conv1", "layer2.0.branch.conv1", "layer3.0.branch.conv1");
    List<String> csv = Files.readAllLines(out.resolve("sensitivity.csv"));
    assertEquals("layer,ratio,channels,kept,accuracy", csv.get(0));
    assertEquals(1 + 2 * layers.size(), csv.size(), csv.toString());
    assertTrue(csv.get(1).startsWith("layer1.0.branch.conv1.weight,0.25,16,12,"), csv.get(1));
    Map<String, Object> json =
        Json.readObject("json", Files.readString(out.resolve("sensitivity.json")));
    assertEquals(6, ((List<?>) json.get("rows")).size());
    List<?> curve = (List<?>) ((Map<?, ?>) json.get("curves")).get("layer3.0.branch.conv1.weight");
    assertEquals(64, curve.size());
    assertEquals(1.0, curve.get(0));
    String report = Files.readString(out.resolve("report.html"));
    for (String layer : layers) {
      assertTrue(cli.out().matches("(?s).*\n" + layer + " +\\d+ +[\\d.]+ +[\\d.]+.*"), cli.out());
      assertTrue(report.contains("<td>" + layer + "</td>"), layer);
    }
    assertTrue(report.contains("Accuracy, %, layers 1 to 3 of 3"), report);
    assertTrue(cli.out().contains("whole model: "), cli.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--ratios 0.5,0.5 | --ratios",
        "--ratios 0,0.5 | --ratios",
        "--ratios 0.5,1 | --ratios",
        "--ratios many | --ratios",
        "--criterion best | there are l1, l2",
        "--images -1 | --images",
      })
  void wrongUseIsRefused(String options, String said) {
    Path out = folder.resolve("out");
    Cli cli = Cli.of("sensitivity %s --data idx:%s --out %s " + options, run, idx, out);
    assertEquals(2, cli.status(), cli.out() + cli.err());
    assertTrue(cli.err().contains(said), cli.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void theModelIsLeftAlone() throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
    Cli.of("sensitivity %s --data idx:%s --ratios 0.5 --out %s", run, idx, folder.resolve("o"))
        .done();
    assertTrue(
        java.util.Arrays.equals(before, Files.readAllBytes(run.resolve("model.safetensors"))));
  }
}
