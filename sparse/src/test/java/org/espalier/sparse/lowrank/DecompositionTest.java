package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.espalier.autograd.op.PadMode;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.Vgg;
import org.espalier.optim.train.Recalibration;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks that split networks compute what they did, cost what was predicted, and are saved. */
class DecompositionTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  private static void assertEqualOutputs(Tensor expected, Tensor actual) {
    double most = 1;
    for (double v : expected.toDoubles()) {
      most = Math.max(most, Math.abs(v));
    }
    assertArrayEquals(expected.toDoubles(), actual.toDoubles(), 1e-4 * most);
  }

  static Stream<Arguments> layers() {
    ConvConfig conv = ConvConfig.kernel(3, 2).withPadding(1);
    return Stream.of(
        Arguments.of(new Conv2d(6, 8, conv.withoutBias()), 1, new int[] {2, 7, 6, 6}),
        Arguments.of(new Conv2d(6, 8, conv.withStride(2)), 1, new int[] {2, 7, 6, 6}),
        Arguments.of(new Conv2d(6, 8, conv.withDilation(2)), 1, new int[] {2, 9, 8, 6}),
        Arguments.of(
            new Conv2d(6, 8, conv.withPadMode(PadMode.REFLECT)), 1, new int[] {2, 7, 6, 6}),
        Arguments.of(new Conv2d(6, 8, conv.withGroups(2)), 2, new int[] {2, 7, 6, 6}),
        Arguments.of(new Conv1d(4, 9, ConvConfig.kernel(5)), 1, new int[] {2, 11, 4}),
        Arguments.of(new Conv1d(4, 8, ConvConfig.kernel(5).withGroups(2)), 2, new int[] {2, 11, 4}),
        Arguments.of(new Linear(7, 9), 1, new int[] {3, 7}),
        Arguments.of(new Linear(7, 9, false), 1, new int[] {3, 5, 7}));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void twoLayersComputeWhatALayerOfLowRankDoes(Module layer, int groups, int... x) {
    Parameter weight = layer.initialize(1).parameter("weight");
    WeightMatrix matrix = WeightMatrix.of(weight.shape(), groups);
    Tensor value = Tensor.zeros(DType.F32, weight.shape());
    for (int group = 0; group < groups; group++) {
      Tensor block = Matrix.lowRank(5 + group, matrix.rows(), matrix.columns(), 2);
      for (int i = 0; i < block.count(); i++) {
        value.set(group * block.count() + i, block.get(i));
      }
    }
    weight.set(value);
    Tensor sample = TestNet.sample(3, x);
    Tensor before = TestNet.infer(layer, sample);
    Sequential two = Decomposition.split(layer, 2, groups);
    assertEqualOutputs(before, TestNet.infer(two, sample));
    assertEquals(
        matrix.factoredSize(2),
        two.parameter("reduce.weight").shape().count()
            + two.parameter("expand.weight").shape().count());
    for (int group = 0; group < groups; group++) {
      double[] sigma = Matrix.sigma(matrix.block(value, group));
      for (int j = 0; j < 2; j++) {
        double rows = 0;
        double columns = 0;
        Tensor reduce = two.parameter("reduce.weight").raw();
        Tensor expand = two.parameter("expand.weight").raw();
        for (int i = 0; i < matrix.columns(); i++) {
          double v = reduce.get((group * 2 + j) * matrix.columns() + i);
          rows += v * v;
        }
        for (int i = 0; i < matrix.rows(); i++) {
          double v = expand.get((group * matrix.rows() + i) * 2 + j);
          columns += v * v;
        }
        assertEquals(sigma[j], rows, 1e-5 * sigma[0], "balanced factors");
        assertEquals(sigma[j], columns, 1e-5 * sigma[0], "balanced factors");
      }
    }
  }

  static Stream<Arguments> models() {
    return Stream.of(
        Arguments.of(ResNet.cifar(14, 3, 5, ResNet.Shortcut.OPTION_A, false), IMAGE),
        Arguments.of(ResNet.cifar(8, 3, 5, ResNet.Shortcut.OPTION_B, false), IMAGE),
        Arguments.of(
            Sequential.builder()
                .add("expand", new Conv2d(4, 12, ConvConfig.kernel(1).withoutBias()))
                .add("bn1", new BatchNorm(12))
                .add("depthwise", new Conv2d(12, 12, ConvConfig.kernel(3).withGroups(12)))
                .add("bn2", new BatchNorm(12))
                .add("project", new Conv2d(12, 8, ConvConfig.kernel(1)))
                .add("pool", new GlobalAveragePool())
                .build(),
            Shape.of(8, 8, 4)),
        Arguments.of(
            Sequential.builder()
                .add("grouped", new Conv2d(4, 12, ConvConfig.kernel(3).withGroups(2)))
                .add("bn", new BatchNorm(12))
                .add("relu", Activation.relu())
                .add("pool", new GlobalAveragePool())
                .add("fc", new Linear(12, 3))
                .build(),
            Shape.of(8, 8, 4)),
        Arguments.of(
            Sequential.builder()
                .add("conv", new Conv1d(3, 12, ConvConfig.kernel(7).withPadding(3)))
                .add("bn", new BatchNorm(12))
                .add("relu", Activation.relu())
                .add("conv2", new Conv1d(12, 12, ConvConfig.kernel(3)))
                .build(),
            Shape.of(20, 3)));
  }

  @ParameterizedTest
  @MethodSource("models")
  void aProjectedNetIsSplitWithoutLossAtThePredictedCostAndSaved(Module model, Shape sample) {
    TestModels.lively(model, 2);
    LowRankProjection projection = LowRankProjection.ratio(sample, 0.6);
    Map<String, Integer> ranks = projection.project(model);
    Tensor x = TestNet.sample(1, sample.batched(3).sizes());
    Tensor before = TestNet.infer(model, x);
    LowRankForecast forecast =
        LowRankForecast.of(model, sample, Coverage.CONVOLUTIONS, RankPolicy.ratio(0.6));
    Costs dense = Costs.of(model, sample);
    Decomposition.Report report = Decomposition.at(sample).asStrict().apply(model);
    assertEqualOutputs(before, TestNet.infer(model, x));
    Map<String, Integer> found = new LinkedHashMap<>();
    report.splits().forEach(split -> found.put(split.path(), split.rank()));
    assertEquals(ranks, found);
    assertEquals(forecast, report.forecast());
    Costs compact = Costs.of(model, sample);
    assertEquals(dense.macs(), forecast.baseMacs());
    assertEquals(compact.macs(), forecast.macs());
    assertEquals(compact.convWeightParams() + compact.linearWeightParams(), forecast.weights());
    assertTrue(compact.macs() < dense.macs());
    for (Decomposition.Split split : report.splits()) {
      assertTrue(split.error() < 1e-5 && split.macs() < split.macsBefore(), split.toString());
    }
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
    assertEquals(model.spec(), loaded.spec());
  }

  /** The figures of the paper's table, of a network that was really split. */
  @Test
  void resNet56AtItsPublishedRatioCostsWhatIsPublished() {
    Shape sample = Shape.of(32, 32, 3);
    Module model = ResNet.cifar(56, 10).initialize(1);
    Decomposition.Report report = Decomposition.of(model, sample, RankPolicy.ratio(0.57));
    Costs costs = Costs.of(model, sample);
    assertEquals(56_058_496, costs.macs());
    assertEquals(394_450, costs.convWeightParams() + costs.linearWeightParams());
    assertEquals(55, report.splits().size());
    assertEquals(0.55326784, report.forecast().macsSaved(), 1e-8);
  }

  @Test
  void otherParametersKeepTheirSlotsAndSharedLayersStayShared() {
    Conv2d shared = new Conv2d(6, 6, ConvConfig.kernel(3).withPadding(1));
    Sequential model =
        Sequential.builder()
            .add("stem", new Conv2d(3, 6, ConvConfig.kernel(3)))
            .add("a", shared)
            .add("relu", Activation.relu())
            .add("b", shared)
            .add("bn", new BatchNorm(6))
            .build();
    model.initialize(1);
    Tensor momentum = model.parameter("bn.weight").slot("momentum").fill(3);
    Parameter gamma = model.parameter("bn.weight");
    Decomposition.Report report = Decomposition.of(model, IMAGE, RankPolicy.list(2, 2));
    assertEquals(List.of("stem", "a"), report.splits().stream().map(s -> s.path()).toList());
    assertSame(model.children().get("a"), model.children().get("b"));
    assertSame(gamma, model.parameter("bn.weight"));
    assertSame(momentum, gamma.slot("momentum"));
    assertEquals(
        Set.of("reduce", "expand"), ((Sequential) model.children().get("a")).children().keySet());
    assertEquals(report.forecast().macs(), Costs.of(model, IMAGE).macs());
  }

  @Test
  void ofALayerThatIsNotOfItsRankTheLossIsStatedOrRefused() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    Module before = model.children().get("conv1");
    assertRefused(
        "conv1 is not of rank 6",
        () -> Decomposition.at(IMAGE).withRanks(RankPolicy.ratio(0.6)).asStrict().apply(model));
    assertSame(before, model.children().get("conv1"));
    LogRecords.clear();
    Decomposition.Report report = Decomposition.of(model, IMAGE, RankPolicy.ratio(0.6));
    List<String> warnings = LogRecords.of(System.Logger.Level.WARNING);
    assertEquals(1, warnings.size());
    String first = "conv1 %.1f %%,".formatted(100 * report.splits().get(0).error());
    assertTrue(warnings.get(0).contains(first), warnings.get(0));
    assertTrue(report.splits().get(0).error() > 0.1);
    assertNotSame(before, model.children().get("conv1"));
  }

  @Test
  void layersThatWouldNotShrinkStay() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    LogRecords.clear();
    Decomposition.Report report = Decomposition.of(model, IMAGE);
    assertEquals(List.of(), report.splits());
    assertEquals(7, report.dense().size());
    assertEquals(report.forecast().baseMacs(), report.forecast().macs());
    assertTrue(LogRecords.of(System.Logger.Level.INFO).get(0).contains("conv1"));
  }

  @Test
  void aZeroMatrixBecomesOneZeroChannel() {
    Sequential model = Sequential.of(new Conv2d(3, 6, 3), new BatchNorm(6), new Conv2d(6, 6, 3));
    TestModels.lively(model, 1);
    model.parameter("0.weight").update(raw -> raw.fill(1e-7));
    model.parameter("0.bias").update(raw -> raw.fill(0.5));
    Decomposition.Report report = Decomposition.of(model, IMAGE, RankPolicy.list(2, 6));
    assertEquals(1, report.splits().get(0).rank());
    assertEquals(List.of("2"), report.dense());
    assertEquals(Shape.of(1, 3, 3, 3), model.parameter("0.reduce.weight").shape());
    assertEquals(0, Matrix.norm(model.parameter("0.reduce.weight").raw()));
    assertEquals(0, Matrix.norm(model.parameter("0.expand.weight").raw()));
    assertEquals(0.5, model.parameter("0.expand.bias").raw().get(3));
    assertEquals(report.forecast().macs(), Costs.of(model, IMAGE).macs());
  }

  @Test
  void aBranchOfZerosGoesAndOneThatANormShiftsStays() {
    ConvConfig config = ConvConfig.kernel(3).withPadding(1).withoutBias();
    BatchNorm still = new BatchNorm(6);
    BatchNorm shifting = new BatchNorm(6);
    Sequential model =
        Sequential.builder()
            .add("stem", new Conv2d(3, 6, config))
            .add("a", new Residual(branch(config, still)))
            .add("b", new Residual(branch(config, shifting), new Conv2d(6, 6, config)))
            .add("c", new Residual(new Conv2d(6, 6, config), new Conv2d(6, 6, config)))
            .build();
    model.initialize(1);
    shifting.beta().update(raw -> raw.set(2, 0.1));
    for (String zero : List.of("a.branch.conv1", "b.branch.conv1", "c.branch")) {
      model.parameter(zero + ".weight").update(raw -> raw.fill(1e-9));
    }
    Tensor x = TestNet.sample(1, 2, 8, 8, 3);
    Tensor before = TestNet.infer(model, x);
    Decomposition.Report report = Decomposition.of(model, IMAGE);
    assertEquals(List.of("a", "c"), report.dropped());
    assertEquals("identity", model.children().get("a").spec().type());
    assertEquals("conv2d", model.children().get("c").spec().type());
    assertTrue(model.state().containsKey("b.branch.conv1.reduce.weight"));
    assertEqualOutputs(before, TestNet.infer(model, x));
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
  }

  private static Sequential branch(ConvConfig config, BatchNorm norm) {
    return Sequential.builder()
        .add("conv1", new Conv2d(6, 6, config))
        .add("bn", norm)
        .add("relu", Activation.relu())
        .add("conv2", new Conv2d(6, 6, config))
        .build();
  }

  @Test
  void whatTransformsValuesAtALayersPortsGoesWithThePair() {
    Sequential model = Sequential.of(new Conv2d(3, 6, 3), new BatchNorm(6));
    TestModels.lively(model, 1);
    model
        .children()
        .get("0")
        .output()
        .attach(new FixedMask(Tensor.full(DType.F32, Shape.of(1, 6, 6, 6), 3)));
    LowRankProjection.builder(IMAGE, RankPolicy.list(3)).build().project(model);
    Tensor x = TestNet.sample(1, 1, 8, 8, 3);
    Tensor before = TestNet.infer(model, x);
    Decomposition.of(model, IMAGE);
    assertEquals(1, model.children().get("0").output().parametrizations().size());
    assertEqualOutputs(before, TestNet.infer(model, x));
  }

  @Test
  void statisticsAreEstimatedAgainIfAsked() {
    TestData data = new TestData(2, 4, 8);
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    Decomposition.at(IMAGE)
        .withRanks(RankPolicy.ratio(0.6))
        .withRecalibration(Recalibration.fresh(data))
        .apply(model);
    Tensor mean = model.parameter("bn1.running_mean").raw().copy();
    Recalibration.fresh(data).apply(model);
    assertTrue(mean.bitEquals(model.parameter("bn1.running_mean").raw()));
  }

  @Test
  void otherParametrizationsAreRefused() {
    Module model = TestModels.lively(ResNet.cifar(8, 5), 1);
    Parameter weight = model.parameter("conv1.weight");
    weight.attach(new FixedMask(Tensor.full(DType.F32, weight.shape(), 1)));
    assertRefused(
        "conv1.weight carries [fixed_mask]",
        () -> Decomposition.of(model, IMAGE, RankPolicy.ratio(0.6)));
    assertRefused("cannot split a batch_norm", () -> Decomposition.split(new BatchNorm(3), 1));
  }

  @Test
  void linearLayersAreSplitWhereTheyTakePart() {
    Module vgg = Vgg.cifar(16, 3, 5, Vgg.Head.HIDDEN_LINEAR, true);
    TestModels.lively(vgg, 1);
    Coverage coverage = Coverage.CONVOLUTIONS.withLinears().where("classifier.fc1"::equals);
    Shape sample = Shape.of(16, 16, 3);
    List<String> split = new ArrayList<>();
    Decomposition.at(sample)
        .withCoverage(coverage)
        .withRanks(RankPolicy.ratio(0.9))
        .apply(vgg)
        .splits()
        .forEach(s -> split.add(s.path()));
    assertEquals(List.of("classifier.fc1"), split);
    assertEquals(Shape.of(51, 512), vgg.parameter("classifier.fc1.reduce.weight").shape());
    assertTrue(vgg.state().containsKey("classifier.fc1.expand.bias"));
  }
}
