package org.espalier.sparse.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Mode;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.lowrank.LowRank;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class BatchNormFoldingTest {
  static Tensor normal(long seed, int... sizes) {
    Tensor x = Tensor.zeros(sizes);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, Random.of(seed).normal(i));
    }
    return x;
  }

  /** Moves running statistics, gamma and beta away from where they start. */
  static <M extends Module> M unsettled(M model) {
    model.initialize(2);
    Random random = Random.of(9);
    long[] next = {0};
    model
        .modules()
        .values()
        .forEach(
            module -> {
              if (module instanceof BatchNorm norm) {
                norm.runningMean().update(t -> fill(t, random, next, 0, 0.5));
                norm.runningVariance().update(t -> fill(t, random, next, 1, 0.4));
                if (norm.gamma() != null) {
                  norm.gamma().update(t -> fill(t, random, next, 0.8, 1));
                  norm.beta().update(t -> fill(t, random, next, 0, 1));
                }
              }
            });
    return model;
  }

  private static void fill(Tensor t, Random random, long[] next, double middle, double spread) {
    for (int i = 0; i < t.count(); i++) {
      t.set(i, middle + spread * (2 * random.uniform(next[0]++) - 1));
    }
  }

  static Tensor run(Module model, Tensor x, Mode mode) {
    try (Pass pass = mode == Mode.INFER ? Pass.infer(new Workspace()) : Pass.study()) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  static void assertClose(Tensor expected, Tensor actual, double relative) {
    double scale = 1;
    for (double value : expected.toDoubles()) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), relative * scale);
    }
  }

  private static Sequential net() {
    return unsettled(
        Sequential.builder()
            .add("conv", new Conv2d(2, 6, ConvConfig.kernel(3).withBias(false)))
            .add("norm", new BatchNorm(6))
            .add("relu", Activation.relu())
            .add("grouped", new Conv2d(6, 6, ConvConfig.kernel(3).withGroups(3)))
            .add("norm2", new BatchNorm(6, BatchNormConfig.PYTORCH.withoutAffine()))
            .add("flatten", new Flatten())
            .add("linear", new Linear(24, 5))
            .add("norm3", new BatchNorm(5))
            .build());
  }

  private static boolean hasNorm(Module model) {
    return model.modules().values().stream().anyMatch(BatchNorm.class::isInstance);
  }

  /** Invariant 11. */
  @Test
  void theFoldedNetOfPlainLayersComputesTheSame() {
    Sequential net = net();
    Tensor x = normal(1, 3, 6, 6, 2);
    Tensor expected = run(net, x, Mode.STUDY);
    Module folded = BatchNormFolding.of(net);
    assertFalse(hasNorm(folded));
    assertTrue(hasNorm(net), "the model itself stays");
    assertClose(expected, run(folded, x, Mode.STUDY), 1e-5);
    assertClose(expected, run(folded, x, Mode.INFER), 1e-5);
    assertTrue(folded.state().containsKey("conv.bias"));
  }

  @Test
  void aResidualNetFoldsWholly() {
    Module net = unsettled(ResNet.cifar(8, 10));
    Tensor x = normal(4, 2, 32, 32, 3);
    Module folded = BatchNormFolding.of(net);
    assertFalse(hasNorm(folded));
    assertClose(run(net, x, Mode.INFER), run(folded, x, Mode.INFER), 1e-5);
  }

  @Test
  void aNormBehindSomethingElseStays() {
    Sequential net =
        unsettled(
            Sequential.builder()
                .add("norm", new BatchNorm(2))
                .add("relu", Activation.relu())
                .add("conv", new Conv2d(2, 3, 3))
                .build());
    Module folded = BatchNormFolding.of(net);
    assertTrue(hasNorm(folded));
    Tensor x = normal(1, 2, 5, 5, 2);
    assertTrue(run(net, x, Mode.INFER).bitEquals(run(folded, x, Mode.INFER)));
  }

  @Test
  void aNormBehindAChainFoldsIntoItsLastLayer() {
    Sequential chain =
        Sequential.builder()
            .add("down", new Conv2d(2, 2, 1))
            .add("up", new Conv2d(2, 4, 3))
            .build();
    Sequential net =
        unsettled(
            Sequential.builder()
                .add("chain", chain)
                .add("norm", new BatchNorm(4))
                .add("again", new Conv2d(4, 4, 1))
                .build());
    Tensor x = normal(1, 2, 5, 5, 2);
    Module folded = BatchNormFolding.of(net);
    assertFalse(hasNorm(folded));
    assertClose(run(net, x, Mode.STUDY), run(folded, x, Mode.STUDY), 1e-5);
    net.children().get("chain").output().attach(new BinaryValues());
    assertTrue(hasNorm(BatchNormFolding.of(net)));
  }

  @Test
  void aLayerUsedTwiceIsNotFolded() {
    Conv2d shared = new Conv2d(2, 2, ConvConfig.kernel(3).withPadding(1));
    Sequential net =
        unsettled(
            Sequential.builder()
                .add("a", shared)
                .add("norm", new BatchNorm(2))
                .add("b", shared)
                .add("norm2", new BatchNorm(2))
                .build());
    Tensor x = normal(1, 2, 5, 5, 2);
    assertTrue(run(net, x, Mode.INFER).bitEquals(run(BatchNormFolding.of(net), x, Mode.INFER)));
  }

  @Test
  void masksAreBakedInAndFakeQuantizationSeesTheFoldedWeight() {
    Sequential net = net();
    Tensor mask = Tensor.full(DType.F32, net.parameter("conv.weight").shape(), 1);
    mask.set(3, 0);
    net.parameter("conv.weight").attach(new FixedMask(mask));
    net.parameter("conv.weight").attach(FakeQuantize.ofWeight(net.parameter("conv.weight")));
    Tensor x = normal(1, 3, 6, 6, 2);
    Module folded = BatchNormFolding.of(net);
    assertEquals(1, folded.parameter("conv.weight").parametrizations().size());
    assertEquals(0, folded.parameter("conv.weight").raw().get(3));
    // A symmetric grid for each filter scales with the filter.
    assertClose(run(net, x, Mode.STUDY), run(folded, x, Mode.STUDY), 1e-5);
  }

  @Test
  void foldingInTheMiddleOfTrainingKeepsTheWeightAndItsSlots() {
    Sequential net = net();
    Tensor x = normal(1, 3, 6, 6, 2);
    Tensor expected = run(net, x, Mode.STUDY);
    Tensor raw = net.parameter("conv.weight").raw().copy();
    net.parameter("conv.weight").slot("momentum").fill(0.5);
    BatchNormFolding.pairs(net).forEach(LayerFolding::keepTraining);
    assertFalse(hasNorm(net));
    assertClose(expected, run(net, x, Mode.STUDY), 1e-5);
    assertTrue(raw.bitEquals(net.parameter("conv.weight").raw()));
    assertEquals(0.5, net.parameter("conv.weight").slot("momentum").get(7));
    Module loaded = org.espalier.nn.Snapshot.of(net, Map.of()).build();
    assertTrue(run(net, x, Mode.INFER).bitEquals(run(loaded, x, Mode.INFER)));
  }

  @Test
  void sizesThatDoNotFitAreRefused() {
    Tensor ones = Tensor.full(DType.F32, Shape.of(3), 1);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> BatchNormFolding.fold(normal(1, 4, 2), null, ones, ones, ones, ones, 1e-5, 0))
            .getMessage();
    assertTrue(message.contains("4 channels"), message);
  }

  @Test
  void aWeightOfTwoFactorsIsBakedInAndItsPathsAreNamed() {
    Sequential net = unsettled(Sequential.of(new Conv2d(3, 6, 3), new BatchNorm(6)));
    LowRank.attach(net.parameter("0.weight"), 4, 1);
    Tensor x = normal(4, 2, 5, 5, 3);
    Tensor before = run(net, x, Mode.INFER);
    assertEquals(Set.of("0", "1"), BatchNormFolding.foldedPaths(net));
    Module folded = BatchNormFolding.of(net);
    assertClose(before, run(folded, x, Mode.INFER), 1e-5);
    assertTrue(folded.parameter("0.weight").parametrizations().isEmpty());
    assertEquals(Set.of(), BatchNormFolding.foldedPaths(folded));
  }
}
