package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.io.Checkpoint;
import org.espalier.sparse.quant.integer.IntegerModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantises a tiny trained model by the command. */
class QuantizeCommandTest {
  @TempDir private static Path shared;
  private static Path data;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    data = TinyData.images(shared.resolve("images"), 20);
    run = shared.resolve("run");
    Cli.of(
            "train --data images:%s --size 8x8 --model resnet8 --prune none --epochs 2 --validation 0"
                + " --batch-size 8 --out %s --threads 1",
            data, run)
        .done();
  }

  private static String group(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern + " in:\n" + text);
    return matcher.group(1);
  }

  @Test
  void theIntegerModelIsShownSavedMeasuredAndAsked() throws IOException {
    Path out = folder.resolve("int8");
    String printed =
        Cli.of(
                "quantize %s --data images:%s --size 8x8 --batches 3 --batch-size 8 --bias-correction"
                    + " --threads 1 --out %s",
                run, data, out)
            .done()
            .out();
    Path file = out.resolve("model.safetensors");
    assertTrue(Checkpoint.model(file) instanceof IntegerModel);
    double bytes = (double) Files.size(file) / Files.size(run.resolve("model.safetensors"));
    assertTrue(bytes < 0.45, "bytes " + bytes);
    String accuracy = group(printed, "int8 +(\\S+) %");
    String measured =
        Cli.of("eval %s --data images:%s --size 8x8 --threads 1", out, data).done().out();
    assertEquals(accuracy, group(measured, "right .*\\((\\S+) %\\)"));
    assertEquals(
        group(measured, "MACs +(\\S+)"),
        group(
            Cli.of("eval %s --data images:%s --size 8x8 --threads 1", run, data).done().out(),
            "MACs +(\\S+)"));
    Path picture = data.resolve("row1").resolve("1.png");
    String predicted = Cli.of("predict %s %s --top 1", out, picture).done().out();
    assertTrue(predicted.contains("row"), predicted);
    Cli.of("cost %s", file).done();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--observer percentile:99.9 --mode fixed-point",
        "--observer kl",
        "--observer mse"
      })
  void allWaysLeaveAModel(String options) throws IOException {
    Path out = folder.resolve("int8");
    Cli.of(
            "quantize %s --data images:%s --size 8x8 --batches 2 --batch-size 8 --threads 1 --out %s "
                + options,
            run,
            data,
            out)
        .done();
    assertTrue(Checkpoint.model(out.resolve("model.safetensors")) instanceof IntegerModel);
  }

  @Test
  void wrongWordsAreRefused() {
    Cli wrongMode = Cli.of("quantize %s --mode int4 --out %s", run, folder.resolve("a"));
    assertEquals(2, wrongMode.status());
    assertTrue(wrongMode.err().contains("float-scale or fixed-point"), wrongMode.err());
    Cli wrongObserver = Cli.of("quantize %s --observer best --out %s", run, folder.resolve("b"));
    assertEquals(2, wrongObserver.status());
    assertTrue(wrongObserver.err().contains("'best'"), wrongObserver.err());
    Cli noBatches = Cli.of("quantize %s --batches 0 --out %s", run, folder.resolve("c"));
    assertEquals(2, noBatches.status());
  }
}
