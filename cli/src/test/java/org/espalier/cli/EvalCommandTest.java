package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.espalier.io.Checkpoint;
import org.espalier.io.PictureOptions.Resize;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.Models;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests what {@code eval} says of weights that are mostly zeros ({@link SparseReport}). */
class EvalCommandTest {
  @TempDir private Path folder;
  private Path idx;
  private Path file;

  @BeforeEach
  void writeAModelOfZeros() throws IOException {
    idx = TinyData.idx(folder.resolve("idx"), 12, 30);
    file = folder.resolve("model.safetensors");
    save(50);
  }

  /** Saves a model with one weight in so many. */
  private void save(int every) throws IOException {
    Shape shape = Shape.of(TinyData.SIDE, TinyData.SIDE, 1);
    Module model = Models.byName("mlp-64", shape, TinyData.CLASSES).initialize(1);
    for (Parameter parameter : model.parameters()) {
      if (parameter.shape().rank() == 2) {
        parameter.update(
            weight -> {
              for (int i = 0; i < weight.count(); i++) {
                weight.set(i, i % every == 0 ? weight.get(i) : 0);
              }
            });
      }
    }
    Normalization normalization = new Normalization(new double[] {0.5}, new double[] {0.5});
    ModelInput input = new ModelInput(shape, normalization, List.of("0", "1", "2"), Resize.CROP);
    Checkpoint.save(file, Snapshot.of(model, input.meta()));
  }

  private Cli eval(String options) {
    return Cli.of("eval %s --data idx:%s --threads 1" + options, file, idx);
  }

  @Test
  void saysWhereZerosAreLeftOutAndWhatItGives() {
    String out = eval(" --sparse auto").done().out();
    assertTrue(out.replaceAll(" +", " ").contains("[64, 64] 2.00 % 1 left out"), out);
    assertTrue(out.contains("zeros are left out in 1 of 2 layers (batch 64, --sparse auto)"), out);
    assertTrue(out.matches("(?s).*model, batch 1: dense [\\d.]+ ms, --sparse auto .*"), out);
  }

  @Test
  void saysSoWhenItGivesNothing() throws IOException {
    save(1);
    String out = eval(" --sparse auto").done().out();
    assertTrue(out.contains("zeros are left out in 0 of 2 layers"), out);
    assertFalse(eval("").done().out().contains("sparse"), out);
  }

  @Test
  void answersAreTheSameWithAndWithoutZeros() {
    String dense = eval(" --sparse never").done().out();
    String sparse = eval(" --sparse always").done().out();
    assertFalse(dense.contains("sparse"), dense);
    assertEquals(head(dense), head(sparse));
    assertTrue(sparse.contains("zeros are left out in 2 of 2 layers"), sparse);
    assertTrue(eval("").done().out().contains("sparse      zeros left out in 1 of 2 layers"));
  }

  /** Returns the lines about accuracy and cost. */
  private static List<String> head(String out) {
    return out.lines().takeWhile(line -> !line.startsWith("1 image")).toList();
  }

  @Test
  void refusesOtherWords() {
    Cli cli = eval(" --sparse maybe");
    assertEquals(2, cli.status());
    assertTrue(cli.err().contains("--sparse takes auto, always or never, got 'maybe'"), cli.err());
  }
}
