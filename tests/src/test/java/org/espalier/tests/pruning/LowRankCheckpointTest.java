package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.lowrank.Coverage;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.sparse.lowrank.LowRank;
import org.espalier.sparse.lowrank.LowRankLayer;
import org.espalier.sparse.lowrank.RankPolicy;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Saves networks of low rank to files, as factors and split, and reads them back to the bit. */
class LowRankCheckpointTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  private static Tensor infer(Module model) {
    Tensor x = Tensor.zeros(2, 8, 8, 3);
    Init.normal(0, 1).fill(x, Random.of(4).stream("x"));
    try (Pass pass = Pass.study()) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  @Test
  void factorsAndSplitLayersComeBackFromFiles(@TempDir Path folder) throws IOException {
    Module model = ResNet.cifar(8, 3, 10, ResNet.Shortcut.OPTION_B, false).initialize(1);
    Costs dense = Costs.of(model, IMAGE);
    for (LowRankLayer layer : Coverage.CONVOLUTIONS.of(model, IMAGE)) {
      LowRank.attach(layer.weight(), RankPolicy.rank(layer.fullRank(), 0.7));
    }
    Tensor before = infer(model);
    Costs factored = Costs.of(model, IMAGE);
    assertEquals(dense.macs(), factored.macs(), "the product is a full convolution");
    assertTrue(factored.params() < 0.45 * dense.params(), factored.toString());

    Path file = folder.resolve("factors.safetensors");
    Checkpoint.save(file, Snapshot.of(model, Map.of()));
    Module loaded = Checkpoint.model(file);
    assertEquals(model.spec(), loaded.spec());
    assertTrue(before.bitEquals(infer(loaded)));
    Parameter weight = loaded.parameter("layer2.0.branch.conv1.weight");
    assertEquals(Shape.of(32, 3, 3, 16), weight.shape());
    assertEquals(0, weight.raw().count());

    Decomposition.Report report = Decomposition.of(loaded, IMAGE);
    assertEquals(9, report.splits().size());
    assertArrayEquals(before.toDoubles(), infer(loaded).toDoubles(), 1e-4);
    assertEquals(factored.params(), Costs.of(loaded, IMAGE).params());
    Path split = folder.resolve("split.safetensors");
    Checkpoint.save(split, Snapshot.of(loaded, Map.of()));
    assertTrue(infer(loaded).bitEquals(infer(Checkpoint.model(split))));
  }
}
