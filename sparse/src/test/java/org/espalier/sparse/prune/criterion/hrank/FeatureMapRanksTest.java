package org.espalier.sparse.prune.criterion.hrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureMapRanksTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  /** Gives noise pictures, so many a batch. */
  private record Noise(long seed, Shape image, int... sizes) implements Batches {
    @Override
    public int count() {
      return sizes.length;
    }

    @Override
    public int samples() {
      return java.util.Arrays.stream(sizes).sum();
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      Tensor all = TestNet.sample(seed, samples(), image.size(0), image.size(1), image.size(2));
      List<Batch> batches = new java.util.ArrayList<>();
      int from = 0;
      for (int size : sizes) {
        Tensor x = Tensor.zeros(size, image.size(0), image.size(1), image.size(2));
        System.arraycopy(all.f32(), from * image.count(), x.f32(), 0, x.count());
        batches.add(new Batch(x, Tensor.indices(new int[size])));
        from += size;
      }
      return batches.listIterator(firstStep);
    }
  }

  private static Sequential net() {
    return TestModels.lively(
        Sequential.of(
            new Conv2d(3, 6, 3),
            new BatchNorm(6),
            Activation.relu(),
            new Conv2d(6, 4, 3),
            Activation.relu(),
            new GlobalAveragePool(),
            new Linear(4, 2)),
        3);
  }

  /** Ranks one map after the other, from a copy of it. */
  private static double[] expected(Tensor maps, int from, int count) {
    int n = maps.shape().size(0);
    double[] means = new double[count];
    for (int j = 0; j < count; j++) {
      RankMeans one = new RankMeans(from + j);
      one.add(maps, "here");
      means[j] = one.means()[0];
    }
    assertTrue(n > 0);
    return means;
  }

  private static Tensor behind(Module model, Tensor x, String scope) {
    Tensor[] last = {null};
    Recording.ofNumbers(model, x)
        .calls()
        .forEach(
            call -> {
              if (call.scope().equals(scope)) {
                last[0] = call.out();
              }
            });
    return last[0];
  }

  @Test
  void mapsBehindTheActivationsAreRanked() {
    Module model = net();
    Noise data = new Noise(1, IMAGE, 20, 20);
    FeatureMapRanks ranks = FeatureMapRanks.collect(ChannelGraph.of(model, IMAGE), data, 30);
    assertEquals(30, ranks.images());
    assertEquals(List.of("0.weight", "3.weight"), ranks.paths());
    Tensor x = new Noise(1, IMAGE, 30, 10).epoch(0, 0).next().x();
    assertArrayEquals(expected(behind(model, x, "2"), 0, 6), ranks.of("0.weight"), 1e-12);
    assertArrayEquals(expected(behind(model, x, "4"), 0, 4), ranks.of("3.weight"), 1e-12);
  }

  @Test
  void layersOfBlocksAreRankedBehindTheSumAndTheOthersBehindTheirNorm() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    Noise data = new Noise(2, IMAGE, 6);
    Tensor x = data.epoch(0, 0).next().x();
    FeatureMapRanks ranks = FeatureMapRanks.collect(ChannelGraph.of(model, IMAGE), data, 6);
    Map<String, String> shown =
        Map.of(
            "conv1.weight", "relu",
            "layer1.0.branch.conv1.weight", "layer1.0.branch.relu1",
            "layer1.0.branch.conv2.weight", "layer1.relu0",
            "layer3.0.branch.conv2.weight", "layer3.relu0");
    shown.forEach(
        (path, scope) -> {
          Tensor maps = behind(model, x, scope);
          assertArrayEquals(expected(maps, 0, maps.shape().size(-1)), ranks.of(path), 1e-12, path);
        });
  }

  @Test
  void layersOfDenseBlocksAreRankedWhereTheNextLayerReadsThem() {
    Module model = TestModels.lively(DenseNet.plain(10, 4, 3, 5), 1);
    Noise data = new Noise(2, IMAGE, 5);
    Tensor x = data.epoch(0, 0).next().x();
    FeatureMapRanks ranks = FeatureMapRanks.collect(ChannelGraph.of(model, IMAGE), data, 5);
    assertArrayEquals(
        expected(behind(model, x, "block0.layer1.new.relu"), 24, 4),
        ranks.of("block0.layer0.new.conv.weight"),
        1e-12);
    assertArrayEquals(
        expected(behind(model, x, "block0.layer0.new.relu"), 0, 24),
        ranks.of("stem.weight"),
        1e-12);
  }

  @Test
  void linearBottlenecksAreRankedAsTheyAreRead() {
    Shape image = Shape.of(32, 32, 3);
    Module model = TestModels.lively(MobileNetV2.cifar(3, 5), 1);
    Noise data = new Noise(2, image, 2);
    Tensor x = data.epoch(0, 0).next().x();
    FeatureMapRanks ranks = FeatureMapRanks.collect(ChannelGraph.of(model, image), data, 2);
    assertArrayEquals(
        expected(behind(model, x, "features.0.bn2"), 0, 16),
        ranks.of("features.0.project.weight"),
        1e-12);
    Criterion criterion = FeatureMapRankImportance.of(ranks);
    ChannelGroup group = ChannelGraph.of(model, image).groupOf("features.1.expand.weight");
    double[] sum = criterion.score(group);
    double[] expand = ranks.of("features.1.expand.weight");
    double[] depthwise = ranks.of("features.1.depthwise.weight");
    for (int c = 0; c < sum.length; c++) {
      assertEquals(expand[c] + depthwise[c], sum[c], 1e-12);
    }
  }

  /** With one place for both, its ranks counted twice and those of the second never. */
  @Test
  void aLayerThatIsCalledTwiceCountsByTheMeanOverItsPlaces() {
    TestNet model =
        new TestNet(
                (net, x) -> {
                  Var first = net.conv("c1", x);
                  Var second = net.conv("c1", Ops.affine(x, 0, 1));
                  return net.head(net.conv("c2", Ops.relu(Ops.concat(-1, first, second))));
                })
            .with("c1", 4, 3, 3, 3)
            .with("c2", 2, 3, 3, 8)
            .with("fc", 2, 2);
    model.initialize(3);
    Noise data = new Noise(1, IMAGE, 20);
    Tensor x = data.epoch(0, 0).next().x();
    Tensor maps =
        Recording.ofNumbers(model, x).calls().stream()
            .filter(call -> call.op().name().equals("relu"))
            .findFirst()
            .orElseThrow()
            .out();
    double[] wanted = expected(maps, 0, 4);
    double[] second = expected(maps, 4, 4);
    for (int c = 0; c < wanted.length; c++) {
      assertNotEquals(wanted[c], second[c]);
      wanted[c] = (wanted[c] + second[c]) / 2;
    }
    FeatureMapRanks ranks = FeatureMapRanks.collect(ChannelGraph.of(model, IMAGE), data, 20);
    assertArrayEquals(wanted, ranks.of("c1"), 1e-12);
  }

  @Test
  void mapsCanBeTakenElsewhere() {
    Module model = net();
    Noise data = new Noise(1, IMAGE, 4);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Tensor x = data.epoch(0, 0).next().x();
    FeatureMapRanks ranks = FeatureMapRanks.collect(graph, data, 4, Map.of("0.weight", "1"));
    assertArrayEquals(expected(behind(model, x, "1"), 0, 6), ranks.of("0.weight"), 1e-12);
    assertRefused(
        "no module 'nowhere'",
        () -> FeatureMapRanks.collect(graph, data, 4, Map.of("0.weight", "nowhere")));
    assertRefused(
        "6 channels of '0.weight'",
        () -> FeatureMapRanks.collect(graph, data, 4, Map.of("0.weight", "4")));
    assertRefused(
        "[9.weight] make no channels",
        () -> FeatureMapRanks.collect(graph, data, 4, Map.of("9.weight", "4")));
  }

  @Property(tries = 20)
  void howImagesFallIntoBatchesMakesNoDifference(
      @ForAll @IntRange(min = 1, max = 19) int first,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Module model = net();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    FeatureMapRanks whole = FeatureMapRanks.collect(graph, new Noise(seed, IMAGE, 20), 20);
    FeatureMapRanks parts =
        FeatureMapRanks.collect(graph, new Noise(seed, IMAGE, first, 20 - first), 20);
    assertEquals(whole, parts);
    for (String path : whole.paths()) {
      for (double mean : whole.of(path)) {
        assertTrue(mean >= 0 && mean <= 8);
        assertEquals(Math.rint(20 * mean), 20 * mean, 1e-9);
      }
    }
  }

  @Test
  void ranksComeBackFromTensors() {
    FeatureMapRanks ranks =
        FeatureMapRanks.collect(ChannelGraph.of(net(), IMAGE), new Noise(1, IMAGE, 7), 7);
    Map<String, Tensor> tensors = ranks.toTensors();
    FeatureMapRanks back = FeatureMapRanks.of(tensors);
    assertEquals(ranks, back);
    assertEquals(ranks.hashCode(), back.hashCode());
    tensors.remove("images");
    org.junit.jupiter.api.Assertions.assertThrows(
        FormatException.class, () -> FeatureMapRanks.of(tensors));
    Map<String, Tensor> broken = new LinkedHashMap<>(ranks.toTensors());
    broken.put("0.weight", Tensor.of(Shape.of(1), Double.NaN));
    org.junit.jupiter.api.Assertions.assertThrows(
        FormatException.class, () -> FeatureMapRanks.of(broken));
  }

  @Test
  void badImagesAndNumbersOfThemAreRefused() {
    Module model = net();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    assertRefused(
        "at least one image", () -> FeatureMapRanks.collect(graph, new Noise(1, IMAGE, 3), 0));
    assertRefused("no images", () -> FeatureMapRanks.collect(graph, new Noise(1, IMAGE), 5));
    assertRefused("no ranks of 'x'", () -> new FeatureMapRanks(1, Map.of()).of("x"));
    model.parameter("3.bias").update(raw -> raw.set(1, Double.POSITIVE_INFINITY));
    assertRefused(
        "'3.weight', image 0, channel 1",
        () -> FeatureMapRanks.collect(graph, new Noise(1, IMAGE, 3), 3));
  }

  @Test
  void fewImagesAndRanksWithoutInformationAreReported() {
    LogRecords.clear();
    Module model = net();
    model.parameter("3.weight").update(raw -> raw.fill(0));
    model.parameter("3.bias").update(raw -> raw.fill(-1));
    FeatureMapRanks ranks =
        FeatureMapRanks.collect(ChannelGraph.of(model, IMAGE), new Noise(1, IMAGE, 3), 500);
    assertEquals(3, ranks.images());
    assertArrayEquals(new double[4], ranks.of("3.weight"));
    assertTrue(
        LogRecords.of(Level.INFO).stream().anyMatch(line -> line.contains("there are only 3")));
    assertTrue(
        LogRecords.of(Level.WARNING).stream()
            .anyMatch(line -> line.contains("[3.weight]") && line.contains("no information")));
    Shape one = Shape.of(5, 5, 3);
    FeatureMapRanks.collect(ChannelGraph.of(model, one), new Noise(1, one, 3), 3);
    assertTrue(
        LogRecords.of(Level.WARNING).stream().anyMatch(line -> line.contains("single numbers")));
  }

  @Test
  void scoresOfOtherWidthsAreRefused() {
    ChannelGroup group = ChannelGraph.of(net(), IMAGE).groupOf("0.weight");
    Criterion wrong =
        FeatureMapRankImportance.of(new FeatureMapRanks(1, Map.of("0.weight", new double[5])));
    assertRefused("5 mean ranks for the 6 filters", () -> wrong.score(group));
    assertRefused(
        "on(graph)", () -> FeatureMapRankImportance.of(new Noise(1, IMAGE, 3), 3).score(group));
  }

  @Test
  void reductionsAndNormalisersApply() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    FeatureMapRanks ranks = FeatureMapRanks.collect(graph, new Noise(2, IMAGE, 6), 6);
    ChannelGroup stream = graph.groupOf("conv1.weight");
    double[] first =
        FeatureMapRankImportance.of(ranks).withReduction(MemberReduction.FIRST).score(stream);
    assertArrayEquals(ranks.of("conv1.weight"), first, 1e-12);
    double[] scaled =
        FeatureMapRankImportance.of(ranks)
            .withReduction(MemberReduction.FIRST)
            .withNormaliser(Normaliser.SUM)
            .score(stream);
    assertEquals(1, java.util.Arrays.stream(scaled).sum(), 1e-12);
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
        "mobilenetv2"
      })
  void everyModelIsPrunedAndStillRuns(String name) {
    Shape image =
        name.equals("vgg16") || name.equals("mobilenetv2")
            ? Shape.of(32, 32, 3)
            : Shape.of(16, 16, 3);
    Module model = TestModels.lively(Models.byName(name, image, 5), 1);
    ChannelGraph graph = ChannelGraph.of(model, image);
    Criterion criterion = FeatureMapRankImportance.of(new Noise(1, image, 2), 2);
    long before = graph.macs();
    Pruner.local(criterion, 0.3).plan(graph).apply();
    assertTrue(graph.macs() < before);
    TestNet.infer(model, TestNet.sample(1, 1, image.size(0), image.size(1), image.size(2)));
  }

  @Test
  void ranksDoNotDependOnTheOrderOfImages() {
    Tensor maps = TestNet.sample(3, 6, 5, 4, 3);
    RankMeans there = new RankMeans(0, 2, -1);
    Tensor ranks = there.add(maps, "here");
    assertEquals(Shape.of(6, 3), ranks.shape());
    Tensor turned = Tensor.zeros(6, 5, 4, 3);
    int[] order = Random.of(1).permutation(6);
    for (int i = 0; i < 6; i++) {
      System.arraycopy(maps.f32(), i * 60, turned.f32(), order[i] * 60, 60);
    }
    RankMeans back = new RankMeans(0, 2, -1);
    back.add(turned, "here");
    assertArrayEquals(there.means(), back.means());
    assertEquals(0, there.means()[2]);
    assertEquals(6, there.images());
    assertRefused("no image", () -> new RankMeans(1).means());
    assertArrayEquals(new RankMeansOf(maps, 1, 2).means(), lastTwo(maps), 1e-12);
  }

  private static double[] lastTwo(Tensor maps) {
    RankMeans last = RankMeans.ofLast(2, 3);
    last.add(maps, "here");
    return last.means();
  }

  private record RankMeansOf(Tensor maps, int... channels) {
    double[] means() {
      RankMeans mean = new RankMeans(channels);
      mean.add(maps, "here");
      return mean.means();
    }
  }
}
