package org.espalier.sparse.prune.criterion.nisp;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.util.Arrays;
import java.util.Map;
import org.espalier.nn.Concat;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NeuronImportanceTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final Ratios NOTHING = Ratios.of(0);

  private static Module mlp() {
    return Sequential.of(
            new Flatten(),
            new Linear(192, 6),
            Activation.relu(),
            new Linear(6, 5),
            Activation.relu(),
            new Linear(5, 4),
            Activation.relu(),
            new Linear(4, 3))
        .initialize(2);
  }

  private static double[] scores(Criterion criterion, Module model, String group) {
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    return criterion.on(graph).score(graph.groupOf(group));
  }

  /** Multiplies by the transpose of a linear layer's absolute weight. */
  private static double[] back(Module model, String layer, double... scores) {
    Tensor weight = model.parameter(layer + ".weight").value();
    int width = weight.shape().size(-1);
    double[] sums = new double[width];
    for (int e = 0; e < weight.count(); e++) {
      sums[e % width] += Math.abs(weight.get(e)) * scores[e / width];
    }
    return sums;
  }

  @Test
  void importanceIsCarriedBackLayerByLayer() {
    Module model = mlp();
    double[] response = {1, 0.5, 2, 0.25};
    NeuronImportance nisp = NeuronImportance.ofScores(response).withRatios(NOTHING);
    double[] second = back(model, "5", response);
    double[] first = back(model, "3", second);
    assertArrayEquals(response, scores(nisp, model, "5.weight"), 1e-6);
    assertArrayEquals(second, scores(nisp, model, "3.weight"), 1e-5);
    assertArrayEquals(first, scores(nisp, model, "1.weight"), 1e-5);
  }

  @Test
  void whatALayerWillLosePassesNothingOn() {
    Module model = mlp();
    double[] response = {1, 0.5, 2, 0.25};
    Ratios ratios = Ratios.of(0.4).with(0.5, "5");
    NeuronImportance nisp = NeuronImportance.ofScores(response).withRatios(ratios);
    double[] second = back(model, "5", 1, 0, 2, 0);
    assertArrayEquals(second, scores(nisp, model, "3.weight"), 1e-5);
    double[] kept = second.clone();
    double[] sorted = second.clone();
    Arrays.sort(sorted);
    for (int j = 0; j < 5; j++) {
      kept[j] = second[j] <= sorted[1] ? 0 : second[j];
    }
    assertArrayEquals(back(model, "3", kept), scores(nisp, model, "1.weight"), 1e-5);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Pruner.local(nisp, ratios).plan(graph).apply();
    assertEquals(Shape.of(2, 3), model.parameter("5.weight").shape());
    assertEquals(Shape.of(3, 4), model.parameter("3.weight").shape());
  }

  @Test
  void streamsAreJudgedWhereTheImportanceOfAllReadersHasMet() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    double[] response = new double[64];
    Arrays.fill(response, 1);
    NeuronImportance nisp = NeuronImportance.ofScores(response).withRatios(NOTHING);
    // Channels 16 to 23 of the last stage begin in the second; its own ones at the last block.
    double[] last = scores(nisp, model, "layer3.0.branch.conv2.weight");
    assertEquals(32, last.length);
    for (double score : last) {
      assertEquals(1, score, 1e-5);
    }
    // A channel of the first stage: what the last stage sees of it, and all that blocks read.
    for (double score : scores(nisp, model, "conv1.weight")) {
      assertTrue(score > 1.5, "" + score);
    }
  }

  @Test
  void depthwiseGroupsAreJudgedBehindTheDepthwiseLayer() {
    Shape image = Shape.of(32, 32, 3);
    Module model = TestModels.lively(MobileNetV2.cifar(3, 5), 1);
    double[] response = new double[1280];
    Arrays.fill(response, 1);
    ChannelGraph graph = ChannelGraph.of(model, image);
    Criterion nisp = NeuronImportance.ofScores(response).withRatios(NOTHING).on(graph);
    double[] inner = nisp.score(graph.groupOf("features.16.expand.weight"));
    double[] projected = back(model, "last.conv", response);
    double[] expected = back(model, "features.16.project", projected);
    for (int c = 0; c < inner.length; c++) {
      assertEquals(expected[c], inner[c], 1e-4 * expected[c]);
    }
  }

  @Test
  void permutingUnitsPermutesScores() {
    Module model = mlp();
    double[] response = {1, 0.5, 2, 0.25};
    NeuronImportance nisp = NeuronImportance.ofScores(response).withRatios(NOTHING);
    double[] before = scores(nisp, model, "3.weight");
    int[] order = Random.of(1).permutation(5);
    Tensor rows = model.parameter("3.weight").value().copy();
    Tensor columns = model.parameter("5.weight").value().copy();
    model
        .parameter("3.weight")
        .update(
            raw -> {
              for (int e = 0; e < raw.count(); e++) {
                raw.set(order[e / 6] * 6 + e % 6, rows.get(e));
              }
            });
    model
        .parameter("5.weight")
        .update(
            raw -> {
              for (int e = 0; e < raw.count(); e++) {
                raw.set(e - e % 5 + order[e % 5], columns.get(e));
              }
            });
    double[] after = scores(nisp, model, "3.weight");
    for (int j = 0; j < 5; j++) {
      assertEquals(before[j], after[order[j]], 1e-5);
    }
  }

  /** Sums of absolute weights leave the range of float32 long before the stem of such a net. */
  @Test
  void deepNetsDoNotOverflow() {
    Module model = TestModels.lively(ResNet.cifar(110, 5), 1);
    double[] response = new double[64];
    Arrays.fill(response, 1e-3);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Criterion nisp = NeuronImportance.ofScores(response).withRatios(NOTHING).on(graph);
    double[] stem = nisp.score(graph.groupOf("conv1.weight"));
    for (double score : stem) {
      assertTrue(score > 1e40 && Double.isFinite(score), "" + score);
    }
    double[] shares =
        NeuronImportance.ofScores(response)
            .withRatios(NOTHING)
            .withNormaliser(Normaliser.SUM)
            .on(graph)
            .score(graph.groupOf("conv1.weight"));
    assertEquals(1, Arrays.stream(shares).sum(), 1e-9);
    assertEquals(stem[3] / Arrays.stream(stem).sum(), shares[3], 1e-9);
  }

  @Test
  void theLayerThatTheClassifierReadsIsFoundOrNamed() {
    Module model = mlp();
    FinalResponseLayer layer = FinalResponseLayer.of(model, IMAGE);
    Tensor x = TestNet.sample(1, 3, 8, 8, 3);
    Tensor features = layer.features(x);
    assertEquals(Shape.of(3, 4), features.shape());
    Tensor named = FinalResponseLayer.named(model, IMAGE, "6").features(x);
    assertTrue(features.bitEquals(named));
    assertEquals(Shape.of(3, 5), FinalResponseLayer.named(model, IMAGE, "4").features(x).shape());
    assertEquals(Shape.of(10, 4), layer.features(new TestData(2, 8, 8), 10).shape());
    assertRefused("no module 'x'", () -> FinalResponseLayer.named(model, IMAGE, "x"));

    Module heads =
        Sequential.of(
                new Flatten(),
                new Linear(192, 4),
                new Concat(Map.of("a", new Linear(4, 2), "b", new Linear(4, 2))))
            .initialize(1);
    assertRefused("2 layers make the output", () -> FinalResponseLayer.of(heads, IMAGE));
    Module none = Sequential.of(new Flatten(), new Identity());
    assertRefused("0 layers make the output", () -> FinalResponseLayer.of(none, IMAGE));
    NeuronImportance nisp =
        NeuronImportance.ofScores(1, 2, 3, 4).withRatios(NOTHING).withResponseLayer("1");
    assertArrayEquals(new double[] {1, 2, 3, 4}, scores(nisp, heads, "1.weight"), 1e-6);
  }

  @Test
  void scoresThatSayNothingAreRefused() {
    assertRefused("feature 1 is -1.0", () -> NeuronImportance.ofScores(1, -1));
    assertRefused("feature 0 is NaN", () -> NeuronImportance.ofScores(Double.NaN));
    assertRefused("nothing to propagate", () -> NeuronImportance.ofScores(0, 0));
    assertRefused(
        "3 scores for the 4 features",
        () -> NeuronImportance.ofScores(1, 1, 1).on(ChannelGraph.of(mlp(), IMAGE)));
    ChannelGroup group = ChannelGraph.of(mlp(), IMAGE).groups().get(0);
    assertRefused("on(graph)", () -> NeuronImportance.ofScores(1).score(group));
  }

  @Test
  void aLayerThatNothingImportantReadsIsMeasured() {
    Module model = mlp();
    model.parameter("5.weight").update(raw -> raw.fill(0));
    LogRecords.clear();
    double[] scores =
        scores(NeuronImportance.ofScores(1, 1, 1, 1).withRatios(NOTHING), model, "3.weight");
    double norm = 0;
    for (int e = 0; e < 6; e++) {
      norm += Math.abs(model.parameter("3.weight").value().get(e));
    }
    assertEquals(norm, scores[0], 1e-9);
    assertTrue(LogRecords.of(Level.WARNING).stream().anyMatch(line -> line.contains("'3.weight'")));
  }

  @Test
  void featuresAreRankedOnSamplesByDefault() {
    Module model = mlp();
    TestData data = new TestData(4, 8, 8);
    Tensor features = FinalResponseLayer.of(model, IMAGE).features(data, 20);
    double[] expected = InfiniteFeatureSelection.DEFAULT.score(features, null);
    NeuronImportance nisp = NeuronImportance.of(data).withSamples(20).withRatios(NOTHING);
    double[] found = scores(nisp, model, "5.weight");
    for (int j = 0; j < 4; j++) {
      assertEquals(expected[j], found[j], 1e-6 * expected[j]);
    }
    double[] weights = scores(nisp.withScorer(ResponseScore.ABS_OUT_WEIGHT), model, "5.weight");
    double[] sums = back(model, "7", 1, 1, 1);
    assertArrayEquals(sums, weights, 1e-6);
  }

  @Test
  void mapsCountPositionByPosition() {
    Module model =
        Sequential.of(new Conv2d(3, 4, 3), Activation.relu(), new Flatten(), new Linear(144, 2))
            .initialize(1);
    double[] response = new double[144];
    Arrays.setAll(response, j -> j % 4 == 2 ? j : 0.5);
    double[] found =
        scores(NeuronImportance.ofScores(response).withRatios(NOTHING), model, "0.weight");
    double sum = 0;
    for (int j = 2; j < 144; j += 4) {
      sum += j;
    }
    assertArrayEquals(new double[] {18, 18, sum, 18}, found, 1e-3);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mlp-12-8",
        "lenet5",
        "mnist_cnn",
        "resnet14",
        "resnet8b",
        "wrn-10-1",
        "densenet-7-4",
        "densenet-bc-10-4",
        "vgg16",
        "vgg16-hidden",
        "mobilenetv2"
      })
  void everyModelIsPrunedAndStillRuns(String name) {
    boolean large = name.startsWith("vgg") || name.equals("mobilenetv2");
    Shape image = large ? Shape.of(32, 32, 3) : Shape.of(16, 16, 3);
    Module model = TestModels.lively(Models.byName(name, image, 5), 1);
    ChannelGraph graph = ChannelGraph.of(model, image);
    NeuronImportance nisp =
        NeuronImportance.of(new TestData(2, 4, image.size(0))).withRatios(Ratios.of(0.3));
    Criterion bound = nisp.on(graph);
    for (ChannelGroup group : graph.prunable()) {
      for (double score : bound.score(group)) {
        assertTrue(score >= 0 && Double.isFinite(score), group.name() + " " + score);
      }
    }
    long before = graph.macs();
    Pruner.local(bound::score, 0.3).plan(graph).apply();
    assertTrue(graph.macs() < before);
    TestNet.infer(model, TestNet.sample(1, 1, image.size(0), image.size(1), image.size(2)));
  }

  @Test
  void pooledFeaturesGiveTheirImportanceToTheMap() {
    Module model =
        Sequential.of(
                new Conv2d(3, 3, 3), Activation.relu(), new GlobalAveragePool(), new Linear(3, 2))
            .initialize(1);
    double[] found =
        scores(NeuronImportance.ofScores(3, 1, 2).withRatios(NOTHING), model, "0.weight");
    assertArrayEquals(new double[] {3, 1, 2}, found, 1e-5);
  }
}
