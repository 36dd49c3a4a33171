package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.SafeTensors;
import org.espalier.io.data.Normalization;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts runs from trained weights: what is not trained any further must come out as it was. */
class StartingPointTest {
  private static final String STILL = " --rate 1e-30 --weight-decay 0 --epochs 1 --validation 0";

  @TempDir private static Path shared;
  private static Path idx;
  private static Path run;

  @TempDir private Path folder;

  @BeforeAll
  static void train() throws IOException {
    TinyRun trained = TinyRun.train(shared, 24, 6, "--model mlp-4 --epochs 2");
    idx = trained.data();
    run = trained.folder();
  }

  private static Map<String, Tensor> weights(Path place) throws IOException {
    return SafeTensors.read(ModelFile.file(place));
  }

  private static void assertSameWeights(Path expected, Path actual) throws IOException {
    Map<String, Tensor> after = weights(actual);
    assertEquals(weights(expected).keySet(), after.keySet());
    weights(expected)
        .forEach((name, tensor) -> assertArrayEquals(tensor.f32(), after.get(name).f32(), name));
  }

  @Test
  void aRunGoesOnFromTheWeightsOfAnother() throws IOException {
    Path out = folder.resolve("out");
    Cli cli =
        Cli.of("train --data idx:%s --prune none --weights %s --out %s" + STILL, idx, run, out)
            .done();
    assertTrue(cli.out().contains("weights: " + run), cli.out());
    assertSameWeights(run, out);
  }

  @Test
  void bareWeightsNeedTheirArchitectureAndNormalisation() throws IOException {
    Path bare = folder.resolve("bare.safetensors");
    SafeTensors.write(bare, Map.of(), weights(run));
    Path out = folder.resolve("out");
    String start = "train --data idx:%s --prune none --model mlp-4 --normalize none";
    Cli.of(start + " --weights %s --out %s" + STILL, idx, bare, out).done();
    assertSameWeights(run, out);
    assertEquals(Normalization.identity(1), ModelFile.load(out).normalization());
  }

  @Test
  void theRecipeOfSuchARunRepeatsIt() throws IOException {
    Path first = folder.resolve("first");
    Path again = folder.resolve("again");
    Cli.of(
            "train --data idx:%s --prune gmp:0.5 --epochs 2 --validation 0 --weights %s --out %s",
            idx, run, first)
        .done();
    Cli.of("train --recipe %s --out %s", first, again).done();
    assertArrayEquals(
        Files.readAllBytes(ModelFile.file(first)), Files.readAllBytes(ModelFile.file(again)));
  }

  @Test
  void aResumedRunNeedsTheWeightsNoMore() throws IOException {
    Path copy = folder.resolve("copy.safetensors");
    Files.copy(ModelFile.file(run), copy);
    String start = "train --data idx:%s --prune none --epochs 3 --validation 0 --weights %s --out ";
    Path whole = folder.resolve("whole");
    Cli.of(start + "%s", idx, copy, whole).done();
    Path killed = folder.resolve("killed");
    Cli.killedAt("epoch 2/3", start + "%s", idx, copy, killed);
    Files.delete(copy);
    Cli.of("train --resume %s", killed).done();
    assertSameWeights(whole, killed);
  }

  @Test
  void theModelThatARecipeNamesGivesWayToWeightsOnTheCommandLine() throws IOException {
    Path recipe = folder.resolve("recipe.json");
    Files.writeString(recipe, "{\"model\": \"lenet5\", \"prune\": \"none\", \"validation\": 0}");
    Path out = folder.resolve("out");
    String still = " --rate 1e-30 --weight-decay 0 --epochs 1";
    Cli.of("train --recipe %s --data idx:%s --weights %s --out %s" + still, recipe, idx, run, out)
        .done();
    assertSameWeights(run, out);
  }

  @Test
  void weightsThatDoNotFitTheSamplesOrHoldNothingToTrainLeaveNoFolder() throws IOException {
    Path out = folder.resolve("out");
    Cli other = Cli.of("train --limit 16 --weights %s --out %s", run, out);
    assertTrue(other.err().contains("the model takes samples [8, 8, 1]"), other.err());
    Path integers = folder.resolve("integers");
    Cli.of("quantize %s --data idx:%s --out %s", run, idx, integers).done();
    Cli codes = Cli.of("train --data idx:%s --weights %s --out %s", idx, integers, out);
    assertTrue(codes.err().contains("nothing to train"), codes.err());
    assertFalse(Files.exists(out));
  }

  @Test
  void halfOfWhatBareWeightsNeedIsRefused() {
    for (String[] start :
        new String[][] {{"mlp-4", "w", null}, {null, "w", "mnist"}, {null, null, "mnist"}}) {
      IllegalArgumentException refused =
          assertThrows(
              IllegalArgumentException.class, () -> StartingPoint.of(start[0], start[1], start[2]));
      assertTrue(refused.getMessage().contains("--weights"), refused.getMessage());
    }
  }
}
