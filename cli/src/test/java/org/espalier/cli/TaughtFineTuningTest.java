package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.espalier.io.Checkpoint;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Trains models that were made smaller by the answers of what they were made from. */
class TaughtFineTuningTest {
  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained =
        TinyRun.train(shared, 32, 12, "--model resnet8 --epochs 1 --batch-size 8 --threads 1");
    idx = trained.data();
    run = trained.folder();
  }

  private Cli cut(String options, String name) throws IOException {
    return Cli.of(
        "prune %s --data idx:%s --cut 40%params --batch 8 --threads 1 --out %s " + options,
        run,
        idx,
        folder.resolve(name));
  }

  private float[] head(String options, String name) throws IOException {
    cut(options, name).done();
    return Checkpoint.model(folder.resolve(name).resolve("model.safetensors"))
        .parameter("linear.weight")
        .value()
        .f32();
  }

  @Test
  void theTeachersShareDecidesHowMuchItsAnswersCount() throws IOException {
    float[] plain = head("--finetune 1", "plain");
    assertArrayEquals(plain, head("--finetune 1 --distill T=4,a=0", "none"));
    float[] taught = head("--finetune 1 --distill T=4,a=0.9", "taught");
    assertFalse(Arrays.equals(plain, taught));
    assertFalse(
        Arrays.equals(taught, head("--finetune 1 --distill a=0.9,hint=layer3:layer3", "hint")));
  }

  @Test
  void theWordsAreShownWhereTheRunIsDescribed() throws IOException {
    Cli taught = cut("--finetune 1 --distill T=2,a=0.5", "shown").done();
    String words = "taught by the model before the cut (T=2, a=0.5)";
    assertTrue(taught.out().contains(words), taught.out());
    assertTrue(Files.readString(folder.resolve("shown/report.html")).contains(words));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "decompose %s --data idx:%s --method svd --rank 0.5 --finetune 1 --distill a=0.5 --out %s",
        "compare-criteria %s --data idx:%s --criteria l1 --cuts 40%params --finetune 1 --distill a=0.5 --out %s"
      })
  void otherCommandsThatTrainAgainLearnFromTheDenseModelToo(String command) throws IOException {
    Path out = folder.resolve("out");
    Cli.of(command + " --batch 8 --threads 1", run, idx, out).done();
    String report = Files.readString(out.resolve("report.html"));
    assertTrue(report.contains("taught by the model before the cut"), report);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--distill a=0.5 | add --finetune EPOCHS",
        "--finetune 1 --distill a=2 | distillation",
        "--finetune 1 --distill b=2 | --distill knows no 'b'",
        "--finetune 1 --distill hint=layer9:layer3 | of modules of the model",
        "--finetune 1 --distill hint=layer3:layer9 | got 'layer3:layer9'"
      })
  void wrongWordsLeaveNoFolder(String options, String said) throws IOException {
    Cli cli = cut(options, "refused");
    assertEquals(2, cli.status(), cli.out());
    assertTrue(cli.err().contains(said), cli.err());
    assertFalse(Files.exists(folder.resolve("refused")));
  }
}
