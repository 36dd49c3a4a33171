package org.espalier.sparse.prune.criterion.hrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.train.History;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class StagewisePruningTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  private static boolean isZero(Module model, String path, int row) {
    Tensor value = model.parameter(path).value();
    int each = value.count() / value.shape().size(0);
    boolean zero = true;
    for (int e = row * each; e < (row + 1) * each; e++) {
      zero &= value.get(e) == 0;
    }
    return zero;
  }

  @Test
  void eachStageMasksOneLayerMoreAndTheZerosHold() {
    Module model =
        TestModels.lively(
            Sequential.of(
                new Conv2d(3, 4, 3),
                new BatchNorm(4),
                Activation.relu(),
                new Conv2d(4, 6, 3),
                new BatchNorm(6),
                Activation.relu(),
                new Conv2d(6, 5, 3),
                Activation.relu(),
                new GlobalAveragePool(),
                new Linear(5, 5)),
            1);
    FeatureMapRanks ranks =
        new FeatureMapRanks(
            10,
            Map.of(
                "0.weight", new double[] {3, 1, 2, 1},
                "3.weight", new double[] {6, 6, 1, 6, 6, 2},
                "6.weight", new double[] {1, 2, 3, 4, 5}));
    List<History> stages =
        StagewisePruning.builder(
                model,
                IMAGE,
                ranks,
                CompressRates.parse("[0.5]+[0.34]+[0.4]"),
                new TestData(4, 8, 8))
            .epochs(2)
            .validation(new TestData(2, 8, 8))
            .build()
            .run();
    assertEquals(2, stages.size());
    for (String path : new String[] {"0.weight", "0.bias", "1.weight", "1.bias"}) {
      assertTrue(isZero(model, path, 1) && isZero(model, path, 3), path);
      assertTrue(!isZero(model, path, 0) && !isZero(model, path, 2), path);
    }
    assertTrue(isZero(model, "3.weight", 2) && isZero(model, "4.bias", 5));
    // The last convolution of a chain keeps its filters, whatever its rate.
    assertTrue(!isZero(model, "6.weight", 0));

    Tensor x = TestNet.sample(5, 3, 8, 8, 3);
    Tensor masked = TestNet.infer(model, x);
    Compact.extract(model, IMAGE, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertEquals(2, model.parameter("0.weight").shape().size(0));
    assertEquals(4, model.parameter("3.weight").shape().size(0));
    assertArrayEquals(masked.toDoubles(), TestNet.infer(model, x).toDoubles(), 1e-5);
  }

  @Test
  void convolutionsOfAStreamAreMaskedOneByOneAndCutWithoutTrace() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 2);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    FeatureMapRanks ranks = FeatureMapRanks.collect(graph, new TestData(1, 8, 8), 8);
    List<History> stages =
        StagewisePruning.builder(
                model, IMAGE, ranks, CompressRates.parse("[0.25]*7"), new TestData(2, 8, 8))
            .epochs(1)
            .trainBehind(layer -> layer % 2 == 0)
            .build()
            .run();
    assertEquals(4, stages.size());
    Tensor x = TestNet.sample(5, 3, 8, 8, 3);
    Tensor masked = TestNet.infer(model, x);
    long before = graph.macs();
    var report = Compact.extract(model, IMAGE, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertTrue(report.macsAfter() < 0.7 * before);
    assertEquals(12, model.parameter("layer1.0.branch.conv2.weight").shape().size(0));
    TestModels.assertClose(masked, TestNet.infer(model, x));
  }

  @Test
  void ranksAndRatesMustFitTheModel() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 2);
    CompressRates rates = CompressRates.parse("[0.25]*7");
    FeatureMapRanks wrong = new FeatureMapRanks(1, Map.of("conv1.weight", new double[3]));
    assertRefused(
        "3 mean ranks for the 16 filters",
        () -> StagewisePruning.builder(model, IMAGE, wrong, rates, new TestData(1, 8, 8)).build());
    assertRefused(
        "5 compress rates for 7",
        () ->
            StagewisePruning.builder(
                    model, IMAGE, wrong, CompressRates.parse("[0.5]*5"), new TestData(1, 8, 8))
                .build());
    FilterMasks masks = new FilterMasks(RatedLayers.of(model, IMAGE));
    int[] all = java.util.stream.IntStream.range(0, 16).toArray();
    assertRefused("all 16 filters of 'conv1.weight'", () -> masks.mask(0, all));
    assertRefused(
        "no convolution",
        () -> RatedLayers.of(Sequential.of(new Linear(3, 2)).initialize(1), Shape.of(3)));
  }
}
