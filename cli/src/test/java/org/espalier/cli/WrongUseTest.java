package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.io.SafeTensors;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.Models;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that what a user does wrong is answered by one sentence and changes nothing. */
class WrongUseTest {
  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained = TinyRun.train(shared, 24, 6, "--model mlp-4 --epochs 1");
    idx = trained.data();
    run = trained.folder();
  }

  private static void assertRefused(String said, String words, Object... places) {
    Cli cli = Cli.of(words, places);
    String context = words + " " + Arrays.toString(places) + "\n" + cli.err();
    assertEquals(2, cli.status(), context);
    assertTrue(cli.err().contains(said), context);
    assertEquals(1, cli.err().lines().count(), context);
    assertTrue(cli.err().startsWith("espalier: "), context);
    assertFalse(cli.err().contains("Exception"), context);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bogus | --bogus",
        "frob | frob",
        "train --epochs many | --epochs",
        "train --epochs 0 | --epochs",
        "train --limit 0 | --limit",
        "train --limit 999999 | --limit 999999",
        "train --limit 16 --validation 0.001 | --validation",
        "train --validation 1 | --validation",
        "train --patience 3 --validation 0 | --patience",
        "train --patience 0 | --patience",
        "train --minutes 0 | --minutes",
        "train --batch-size 0 | --batch-size",
        "train --threads 0 | --threads",
        "train --rate -1 | --rate",
        "train --rate NaN | --rate",
        "train --weight-decay -1 | --weight-decay",
        "train --save-every soon | --save-every",
        "train --size 8x8 | --size",
        "train --augment blur | blur",
        "train --prune frob:0.3 | frob:0.3",
        "train --prune sfp:1 | ratio must be from 0 to below 1",
        "train --data frob:x | --data must be shapes",
        "train --data idx | --data must be shapes",
        "train --test frob:x | --test must be shapes",
        "train --model nosuch --limit 16 | nosuch",
        "train --model mlp-99999999999 --limit 16 | 99999999999",
        "train --model mlp-8 --limit 16 | no convolution",
        "eval | eval takes",
        "eval missing.safetensors | missing.safetensors",
        "eval --weights missing.safetensors | --model",
        "eval --weights missing.safetensors --model mlp-4 | --normalize",
        "eval --weights missing.safetensors --model mlp-4 --normalize none | missing.safetensors",
        "eval --weights missing.safetensors --model mlp-4 --normalize cold | cold",
        "eval --weights missing.safetensors --model mlp-4 --normalize mnist | 1 channels",
        "eval --weights missing.safetensors --model mlp-4 --normalize 0.5/0 | std 0",
        "eval --weights missing.safetensors --model mlp-4 --normalize a/1 | 'a'",
        "cost nosuch | nosuch",
        "cost no/such | no such file",
        "cost resnet20 --input 3y4 | 3y4",
        "predict missing.safetensors a.png | missing.safetensors",
        "info --bogus | --bogus",
      })
  void wrongOptionsAreNamed(String arguments, String said) {
    Path out = folder.resolve("out");
    assertRefused(said, arguments + (arguments.startsWith("train") ? " --out %s" : ""), out);
    assertFalse(Files.exists(out), "a run folder was begun");
  }

  @Test
  void damagedModelFilesAreRefused() throws IOException {
    byte[] whole = Files.readAllBytes(run.resolve("model.safetensors"));
    Path half = Files.write(folder.resolve("half"), Arrays.copyOf(whole, whole.length / 2));
    Path text = Files.writeString(folder.resolve("text"), "this is a text, not a model\n");
    Path empty = Files.createFile(folder.resolve("empty"));
    Path bare = folder.resolve("bare.safetensors");
    SafeTensors.write(bare, Map.of(), Map.of("a", Tensor.zeros(2)));
    for (Path file : new Path[] {half, text, empty, bare}) {
      assertRefused(file.toString(), "eval %s --data idx:%s", file, idx);
      assertRefused(file.toString(), "cost %s", file);
      assertRefused(file.toString(), "predict %s %s", file, folder.resolve("a.png"));
    }
    assertRefused("--model", "eval %s", bare);
  }

  @Test
  void aModelThatDoesNotKnowItsInputHasACostWhereTheInputIsSaid() throws IOException {
    Path bare = folder.resolve("model.safetensors");
    Module model = Models.byName("resnet8", Shape.of(32, 32, 3), 10).initialize(1);
    Checkpoint.save(bare, Snapshot.of(model, Map.of()));
    assertRefused("input_shape", "predict %s %s", bare, folder.resolve("a.png"));
    assertRefused("--input 32x32x3", "cost %s", bare);
    Cli cost = Cli.of("cost %s --input 32x32x3", bare).done();
    assertTrue(cost.out().contains("12,239,488"), cost.out());
    ModelInput input = ModelInput.of(Shapes.training(1, 4), Normalization.identity(3));
    Checkpoint.save(bare, Snapshot.of(model, input.meta()));
    assertEquals(cost.out(), Cli.of("cost %s", bare).out());
    Path picture = TinyData.png(folder.resolve("a.png"), 32, 32);
    Cli.of("predict %s %s", bare, picture).done();
  }

  @Test
  void damagedDataIsRefused() throws IOException {
    Path bad = TinyData.idx(folder.resolve("bad"), 6, 3);
    byte[] images = Files.readAllBytes(bad.resolve("train-images-idx3-ubyte"));
    Files.write(bad.resolve("train-images-idx3-ubyte"), Arrays.copyOf(images, images.length - 9));
    assertTrainRefused("train-images", "idx:%s", bad);
    images[0] = 1;
    Files.write(bad.resolve("train-images-idx3-ubyte"), images);
    assertTrainRefused("not an idx file", "idx:%s", bad);

    Path cifar = Files.createDirectories(folder.resolve("cifar"));
    Files.write(cifar.resolve("data_batch_1.bin"), new byte[3073 + 7]);
    Files.write(cifar.resolve("test_batch.bin"), new byte[3073]);
    assertTrainRefused("data_batch_1.bin", "cifar10:%s", cifar);
    assertTrainRefused("nowhere", "cifar10:%s", folder.resolve("nowhere"));
    assertTrainRefused("--test", "cifar10:%s", cifar.resolve("test_batch.bin"));

    Path pictures = TinyData.images(folder.resolve("pictures"), 3);
    Files.writeString(pictures.resolve("row0/note.png"), "no picture");
    assertTrainRefused("note.png", "images:%s --size 8x8", pictures);
    TinyData.png(pictures.resolve("row0/note.png"), 9, 8);
    assertTrainRefused("note.png", "images:%s --size 8x8", pictures);
  }

  private void assertTrainRefused(String said, String data, Path place) {
    Path out = folder.resolve("out");
    assertRefused(said, "train --out %s --data " + data, out, place);
    assertFalse(Files.exists(out));
  }

  @Test
  void aModelIsNotMeasuredOnDataOfOtherClassesOrSizes() throws IOException {
    Path pictures = TinyData.images(folder.resolve("pictures"), 5);
    assertRefused("[8, 8, 1]", "eval %s --data images:%s --size 8x8", run, pictures);
    assertRefused("classes", "eval %s --data images:%s --size 8x8 --colour grey", run, pictures);
  }

  @Test
  void weightsThatDoNotFitAreListed() throws IOException {
    Path weights = folder.resolve("w.safetensors");
    SafeTensors.write(weights, Map.of(), Map.of("fc1.weight", Tensor.zeros(4, 7)));
    assertRefused(
        "fc1.weight",
        "eval --weights %s --model mlp-4 --normalize mnist --data idx:%s",
        weights,
        idx);
  }

  @Test
  void nothingIsOverwritten() throws IOException {
    byte[] before = Files.readAllBytes(run.resolve("model.safetensors"));
    byte[] log = Files.readAllBytes(run.resolve("log.jsonl"));
    assertRefused("nothing was overwritten", "train --out %s", run);
    assertArrayEquals(before, Files.readAllBytes(run.resolve("model.safetensors")));
    assertArrayEquals(log, Files.readAllBytes(run.resolve("log.jsonl")));
    Path file = Files.writeString(folder.resolve("file"), "mine");
    assertRefused("nothing was overwritten", "train --out %s", file);
    assertEquals("mine", Files.readString(file));
  }

  @Test
  void onlyRunsAreResumedAndWithTheirOwnOptions() {
    assertRefused("no run to resume", "train --resume %s", folder);
    assertRefused("leave out --epochs", "train --resume %s --epochs 3", run);
  }

  @Test
  void aRunDoesNotGoOnWithOtherData() throws IOException {
    Path data = TinyData.idx(folder.resolve("idx"), 24, 6);
    Path mine = folder.resolve("mine");
    Cli.of("train --data idx:%s --model mlp-4 --prune none --epochs 1 --out %s", data, mine).done();
    byte[] labels = Files.readAllBytes(data.resolve("t10k-labels-idx1-ubyte"));
    labels[8] = 7;
    Files.write(data.resolve("t10k-labels-idx1-ubyte"), labels);
    assertRefused("classes", "train --resume %s", mine);
  }
}
