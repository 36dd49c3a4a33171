package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.io.JsonLines;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.rls.InputSelection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trains and prunes by recursive least squares as a user would. */
class RlsRunTest {
  private static final String COMMAND =
      "train --data idx:%s --model mlp-12-8 --batch-size 10 --seed 3 --threads 1 --validation 0.2";

  @TempDir private Path folder;

  private Path data() throws IOException {
    Path data = folder.resolve("data");
    return Files.exists(data) ? data : TinyData.idx(data, 90, 30);
  }

  @Test
  void aPrunedPerceptronReadsFewerPixelsAndLoadsAgain() throws IOException {
    Path run = folder.resolve("run");
    Cli train =
        Cli.of(
                COMMAND
                    + " --epochs 4 --optimizer rls:momentum=0.5 --prune rls:0.25,first=1,last=2,tolerance=10 --out %s",
                data(),
                run)
            .done();
    assertTrue(train.out().contains("pruned behind epochs [1, 2]"), train.out());
    assertTrue(train.out().contains("fc1.weight reads 36 inputs"), train.out());
    assertTrue(train.out().contains("; rls:0.25, inputs pruned whenever"), train.out());
    Path file = run.resolve("model.safetensors");
    Module model = Checkpoint.model(file);
    assertEquals(36, InputSelection.of(model).get(0).inputs().length);
    assertEquals(7, model.parameter("fc1.weight").shape().size(0), "12 -> 9 -> 7");
    assertTrue(Cli.of("eval %s --data idx:%s", file, data()).done().out().contains("parameters  "));
    assertTrue(Files.readString(run.resolve("report.html")).contains("rls:momentum=0.5"));
    Map<String, Object> start = JsonLines.read(run.resolve("log.jsonl")).get(0);
    assertEquals("rls", start.get("optimizer"));
    assertEquals(0.5, start.get("momentum"));
  }

  @Test
  void runsRepeatToTheByte() throws IOException {
    byte[][] models = new byte[2][];
    for (int i = 0; i < 2; i++) {
      Path run = folder.resolve("run" + i);
      Cli.of(COMMAND + " --epochs 2 --optimizer rls --prune none --out %s", data(), run).done();
      models[i] = Files.readAllBytes(run.resolve("model.safetensors"));
    }
    assertArrayEquals(models[0], models[1]);
  }

  @Test
  void wrongCombinationsAreRefusedBeforeAnythingRuns() throws IOException {
    assertRefused("--optimizer rls keeps", "--prune rls:0.2");
    assertRefused("held-out samples", "--optimizer rls --prune rls:0.2 --validation 0");
    assertRefused("takes sgd or rls", "--optimizer adam");
    assertRefused("forgettingFactor must be above 0", "--optimizer rls:forgetting=2");
    assertRefused("there are compensate, first", "--optimizer rls --prune rls:0.2,foo=1");
    assertRefused("--rate must be above 0", "--optimizer rls --rate 0");
  }

  private void assertRefused(String part, String options) throws IOException {
    Cli refused =
        Cli.of(
            "train --data idx:%s --model mlp-4 --epochs 1 --out %s " + options,
            data(),
            folder.resolve("no"));
    assertEquals(2, refused.status(), refused.out());
    assertTrue(refused.err().contains(part), refused.err());
  }
}
