package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.io.JsonLines;
import org.espalier.io.Png;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the whole command on tiny problems. */
class TrainCommandTest {
  @TempDir private Path folder;

  private static double figure(String text, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), pattern + " in:\n" + text);
    return Double.parseDouble(matcher.group(1).replace(",", ""));
  }

  @Test
  void shapesArePrunedShrunkReportedAndUsable() throws IOException {
    Path run = folder.resolve("run");
    Cli train =
        Cli.of("train --model resnet8 --limit 64 --epochs 2 --out %s --prune sfp:0.4", run).done();
    for (String file :
        List.of(
            "model.safetensors",
            "log.jsonl",
            "report.html",
            "snapshots/last.safetensors",
            "snapshots/best.safetensors",
            "snapshots/dense.safetensors")) {
      assertTrue(Files.size(run.resolve(file)) > 0, file);
    }
    assertTrue(train.out().contains("epoch 2/2  loss "), train.out());
    assertTrue(train.out().contains(" images/s "), train.out());
    assertFalse(train.out().contains("WARNING"), train.out());
    assertTrue(train.out().contains("; sfp:0.4, zeros held in the last epoch\n"), train.out());
    assertTrue(train.out().contains("dense: the weights after 1 of 2 epochs"), train.out());
    assertTrue(text(run.resolve("snapshots/last.safetensors")).contains("fixed_mask"));
    assertFalse(text(run.resolve("snapshots/masked.safetensors")).contains("fixed_mask"));
    assertFalse(text(run.resolve("snapshots/dense.safetensors")).contains("fixed_mask"));
    assertFalse(text(run.resolve("model.safetensors")).contains("fixed_mask"));
    assertTrue(figure(train.out(), "compact / dense: (0\\.\\d+) of the MACs") < 0.6);
    assertTrue(figure(train.out(), "largest difference masked - compact: (\\S+)") < 1e-3);
    double dense = figure(train.out(), "dense +([\\d,]+)");
    double compact = figure(train.out(), "compact +([\\d,]+)");
    assertTrue(compact < dense, train.out());

    String report = Files.readString(run.resolve("report.html"));
    for (String title :
        List.of(
            "Dense, masked and compact",
            "Training",
            "Channels a layer, before and after",
            "Confusion matrix of the compact model",
            "Sample predictions")) {
      assertTrue(report.contains("<h2>" + title + "</h2>"), title);
    }
    assertTrue(report.contains("dense: the weights after 1 of 2 epochs"), "what is dense?");
    assertFalse(report.matches("(?s).*(src|href)=\"(?!data:).*"), "the report loads something");

    List<Map<String, Object>> log = JsonLines.read(run.resolve("log.jsonl"));
    assertEquals(
        List.of("start", "epoch", "epoch", "end"), log.stream().map(e -> e.get("event")).toList());
    assertTrue(log.get(1).containsKey("val_accuracy"), log.get(1).toString());

    Cli cost = Cli.of("cost %s", run).done();
    assertTrue(cost.out().contains("%,d".formatted((long) compact)), cost.out());

    Path picture = TinyData.png(folder.resolve("wide.png"), 20, 50);
    for (String how : List.of("stretch", "crop", "pad")) {
      Cli predict = Cli.of("predict %s %s --resize %s --top 2", run, picture, how).done();
      assertTrue(predict.out().matches("(?s).*wide.png  \\w+ [\\d.]+ %, \\w+ [\\d.]+ %\\s*"));
    }
    Cli refused = Cli.of("predict %s %s --resize refuse", run, picture);
    assertEquals(2, refused.status(), refused.out());
    assertTrue(refused.err().contains("wide.png"), refused.err());
  }

  private static String text(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.ISO_8859_1);
  }

  @Test
  void earlyStoppingOfAPrunedRunStillHoldsTheZeros() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 40, 12);
    Path run = folder.resolve("run");
    Cli train =
        Cli.of(
                "train --data idx:%s --model resnet8 --prune asfp:0.5 --epochs 60 --patience 1"
                    + " --batch-size 8 --out %s",
                data, run)
            .done();
    List<Map<String, Object>> log = JsonLines.read(run.resolve("log.jsonl"));
    Map<String, Object> end = log.get(log.size() - 1);
    assertEquals("STOPPED_EARLY", end.get("end"), log.toString());
    long epochs = (long) end.get("epochs");
    long seen = (long) figure(train.out(), "dense: the weights after (\\d+) of");
    assertTrue(seen < epochs && epochs < 60, train.out());
    assertTrue((long) end.get("best_epoch") >= seen, "the best epoch has held zeros: " + end);
    assertTrue(figure(train.out(), "compact / dense: (0\\.\\d+) of the MACs") < 0.6);
    assertFalse(train.out().contains("WARNING"), train.out());
  }

  @Test
  void idxIsTrainedWithoutPruningAndEvaluatedAlike() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 60, 30);
    Path run = folder.resolve("run");
    Cli train =
        Cli.of(
                "train --data idx:%s --model mlp-16 --epochs 6 --prune none --batch-size 16"
                    + " --out %s --threads 1",
                data, run)
            .done();
    double accuracy = figure(train.out(), "dense .* ([\\d.]+) %");
    assertTrue(accuracy > 60, "it learns nothing:\n" + train.out());
    Cli eval = Cli.of("eval %s --data idx:%s", run, data).done();
    assertEquals(accuracy, figure(eval.out(), "right .*\\(([\\d.]+) %"));
    assertTrue(eval.out().contains("of 30 "), eval.out());
  }

  @Test
  void picturesArePrunedAsymptotically() throws IOException {
    Path data = TinyData.images(folder.resolve("images"), 12);
    Path run = folder.resolve("run");
    Cli train =
        Cli.of(
                "train --data images:%s --size 8x8 --resize stretch --model resnet8 --epochs 2"
                    + " --prune asfp:0.5 --augment crop1,cutout3,flip --batch-size 8 --out %s",
                data, run)
            .done();
    assertTrue(figure(train.out(), "compact / dense: (0\\.\\d+) of the MACs") < 0.6);
    Cli predict = Cli.of("predict %s %s", run, data.resolve("row1/1.png")).done();
    assertTrue(predict.out().contains("row"), predict.out());
    byte[] pixels = new byte[8 * 24 * 3];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) (i % 72 < 24 ? 0 : 200 - i / 8);
    }
    Path wide = Files.write(folder.resolve("wide.png"), Png.encode(8, 24, 3, pixels));
    String asTrained = Cli.of("predict %s %s", run, wide).out();
    assertEquals(Cli.of("predict %s %s --resize stretch", run, wide).out(), asTrained);
    assertNotEquals(Cli.of("predict %s %s --resize pad", run, wide).out(), asTrained);

    String eval = "eval %s --data images:%s --size 8x8";
    Cli fifth = Cli.of(eval, run, data).done();
    assertTrue(fifth.out().contains("the fifth of images:" + data), fifth.out());
    assertTrue(fifth.out().contains("of 7 "), fifth.out());
    Cli whole = Cli.of(eval + " --test images:%s", run, data, data).done();
    assertFalse(whole.out().contains("the fifth"), whole.out());
    assertTrue(whole.out().contains("of 36 "), whole.out());
  }

  @Test
  void aResumedRunLogsEachEpochOnceAndAFinishedOneFinishesAlike() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 40, 12);
    Path run = folder.resolve("run");
    trained(data, "run", "--seed 5");
    byte[] model = Files.readAllBytes(run.resolve("model.safetensors"));
    Path log = run.resolve("log.jsonl");
    List<Map<String, Object>> before = JsonLines.read(log);
    // As if the run had been killed when an epoch was logged, but not yet saved.
    Files.writeString(
        log, Files.readString(log) + "{\"event\":\"epoch\",\"epoch\":1,\"train_loss\":7.0}\n");
    Cli.of("train --resume %s", run).done();
    List<Object> epochs =
        JsonLines.read(log).stream()
            .filter(entry -> "epoch".equals(entry.get("event")))
            .map(entry -> entry.get("train_loss"))
            .toList();
    assertEquals(List.of(before.get(1).get("train_loss")), epochs);
    assertArrayEquals(model, Files.readAllBytes(run.resolve("model.safetensors")));
  }

  @Test
  void aRunIsTheSameWhateverTheThreadsAndAnotherWithAnotherSeed() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 40, 12);
    byte[] one = trained(data, "one", "--threads 1 --seed 5");
    assertArrayEquals(one, trained(data, "two", "--threads 2 --seed 5"));
    assertFalse(Arrays.equals(one, trained(data, "other", "--threads 1 --seed 6")));
  }

  private byte[] trained(Path data, String name, String more) throws IOException {
    Path run = folder.resolve(name);
    String train = "train --data idx:%s --model resnet8 --epochs 1 --batch-size 8 --out %s ";
    Cli.of(train + more, data, run).done();
    // The seed is saved too; the first bytes that differ must be weights, not words.
    byte[] file = Files.readAllBytes(run.resolve("model.safetensors"));
    return Arrays.copyOfRange(file, file.length - 4000, file.length);
  }

  @Test
  void earlyStoppingLooksAtHeldOutSamplesOnly() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 40, 12);
    String train =
        "train --data idx:%s --model mlp-8 --prune none --epochs 12 --patience 1"
            + " --validation 0.3 --batch-size 8 --out %s";
    Path run = folder.resolve("run");
    Cli.of(train, data, run).done();
    List<Map<String, Object>> log = JsonLines.read(run.resolve("log.jsonl"));
    assertTrue(
        log.stream().flatMap(entry -> entry.keySet().stream()).noneMatch(k -> k.contains("test")));
    byte[] before = Files.readAllBytes(run.resolve("snapshots/best.safetensors"));
    TinyData.idx(folder.resolve("idx"), 40, 30);
    Path again = folder.resolve("again");
    Cli.of(train, data, again).done();
    assertArrayEquals(before, Files.readAllBytes(again.resolve("snapshots/best.safetensors")));
  }
}
