package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Batch;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Adam;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.FixedMask;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks weights that are made of two trained factors. */
class LowRankTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(6, 6, 4);

  static Stream<Arguments> layers() {
    return Stream.of(
        Arguments.of(new Conv2d(6, 8, ConvConfig.kernel(3, 2)), 1, new int[] {2, 7, 6, 6}),
        Arguments.of(
            new Conv2d(6, 8, ConvConfig.kernel(3, 2).withGroups(2)), 2, new int[] {2, 7, 6, 6}),
        Arguments.of(new Conv1d(4, 9, ConvConfig.kernel(5)), 1, new int[] {2, 11, 4}),
        Arguments.of(new Linear(7, 9), 1, new int[] {3, 7}));
  }

  @ParameterizedTest
  @MethodSource("layers")
  void attachingFactorsTheValueFoldingBakesItAndSplittingMakesTwoLayers(
      Module layer, int groups, int... sizes) {
    Parameter weight = layer.initialize(1).parameter("weight");
    WeightMatrix matrix = WeightMatrix.of(weight.shape(), groups);
    Tensor original = weight.raw().copy();
    weight.slot("momentum");
    LowRank factors = LowRank.attach(weight, 2, groups);
    assertSame(factors, LowRank.on(weight));
    assertEquals(2, factors.rank());
    assertEquals(0, weight.raw().count());
    assertTrue(weight.slots().isEmpty());
    for (int group = 0; group < groups; group++) {
      Tensor best = EnergyTransfer.NONE.project(matrix.block(original, group), 2).value();
      assertArrayEquals(best.toDoubles(), matrix.block(weight.value(), group).toDoubles(), 1e-6);
    }
    layer.state();
    Tensor x = TestNet.sample(2, sizes);
    Tensor y = TestNet.infer(layer, x);
    Sequential model = Sequential.builder().add("layer", layer).build();
    Shape sample = x.shape().sample();
    Coverage coverage = layer instanceof Linear ? null : Coverage.CONVOLUTIONS;
    if (coverage != null) {
      LowRankForecast forecast = LowRankForecast.of(model, sample, coverage, RankPolicy.list(2));
      Decomposition.Report report =
          Decomposition.of(model, sample, RankPolicy.list(matrix.fullRank()));
      assertEquals(2, report.splits().get(0).rank());
      assertEquals(forecast, report.forecast());
      assertEquals(forecast.macs(), Costs.of(model, sample).macs());
      assertTrue(
          factors.reduce().raw().bitEquals(model.parameter("layer.reduce.weight").raw()),
          "the factors themselves");
      assertArrayEquals(y.toDoubles(), TestNet.infer(model, x).toDoubles(), 1e-4);
    }
    weight.fold();
    assertNull(LowRank.on(weight));
    assertEquals(original.shape(), weight.raw().shape());
    assertArrayEquals(y.toDoubles(), TestNet.infer(layer, x).toDoubles(), 1e-5);
  }

  @Test
  void gradientsReachTheFactorsOnly() {
    Module model =
        Sequential.of(
            new Conv2d(4, 6, ConvConfig.kernel(3).withGroups(2)), new GlobalAveragePool());
    model.initialize(1).convert(DType.F64);
    Parameter weight = model.parameter("0.weight");
    LowRank factors = LowRank.attach(weight, 2, 2);
    model.state();
    Tensor x = TestNet.sample(3, 2, 5, 5, 4).to(DType.F64);
    Tensor target = Tensor.indices(1, 4);
    Gradients gradients;
    try (Pass pass = Pass.study()) {
      gradients =
          Walk.gradient(Losses.crossEntropy(model.apply(pass, pass.input(x)), pass.input(target)));
      assertNull(gradients.of(weight));
    }
    for (Parameter factor : factors.parameters().values()) {
      Tensor gradient = gradients.of(factor);
      for (int i = 0; i < gradient.count(); i += 5) {
        double slope =
            (loss(model, x, target, factor, i, 1e-5) - loss(model, x, target, factor, i, -1e-5))
                / 2e-5;
        assertEquals(slope, gradient.get(i), 1e-7, factor.name() + " " + i);
      }
    }
  }

  private static double loss(
      Module model, Tensor x, Tensor target, Parameter factor, int i, double step) {
    factor.update(raw -> raw.set(i, raw.get(i) + step));
    try (Pass pass = Pass.study()) {
      return Losses.crossEntropy(model.apply(pass, pass.input(x)), pass.input(target))
          .value()
          .item();
    } finally {
      factor.update(raw -> raw.set(i, raw.get(i) - step));
    }
  }

  private static Module factored() {
    Module model = ResNet.cifar(8, 3, 5, ResNet.Shortcut.OPTION_B, false).initialize(3);
    for (LowRankLayer layer : Coverage.CONVOLUTIONS.of(model, IMAGE)) {
      LowRank.attach(layer.weight(), RankPolicy.rank(layer.fullRank(), 0.7));
    }
    return model;
  }

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        Sgd.builder().rate(0.05).momentum(0.9).weightDecay(1e-4).build(),
        Adam.builder().rate(0.005).build());
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void aNetOfFactorsLearnsIsSavedAndLoadedBitwise(Optimizer optimizer) {
    Module model = factored();
    History history =
        Trainer.builder(model, new CrossEntropy(), optimizer, DATA).seed(1).epochs(6).build().run();
    assertTrue(
        history.last().metrics().get("train_loss")
            < 0.8 * history.epochs().get(0).metrics().get("train_loss"),
        history.epochs().toString());
    assertTrue(model.state().containsKey("conv1.weight.low_rank.expand"));
    assertEquals(Shape.of(4, 3, 3, 3), model.parameter("conv1.weight.low_rank.reduce").shape());
    Tensor x = TestNet.sample(5, 2, 4, 4, 3);
    Module loaded = Snapshot.of(model, Map.of()).build();
    assertTrue(TestNet.infer(model, x).bitEquals(TestNet.infer(loaded, x)));
    assertEquals(Shape.of(16, 3, 3, 3), loaded.parameter("conv1.weight").shape());
    // What was loaded can be trained on and split like the original.
    TestData.step(loaded, optimizer, DATA.batch(0), DType.F32, 1);
    Tensor y = TestNet.infer(loaded, x);
    Decomposition.of(loaded, IMAGE);
    assertArrayEquals(y.toDoubles(), TestNet.infer(loaded, x).toDoubles(), 1e-4 * Matrix.norm(y));
  }

  @Test
  void channelsAreCutOffBothFactors() {
    Sequential model =
        Sequential.builder()
            .add("a", new Conv2d(3, 6, ConvConfig.kernel(3).withPadding(1)))
            .add("bn", new BatchNorm(6))
            .add("b", new Conv2d(6, 8, ConvConfig.kernel(3).withPadding(1)))
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(8, 2))
            .build();
    TestModels.lively(model, 1);
    LowRank a = LowRank.attach(model.parameter("a.weight"), 3);
    LowRank b = LowRank.attach(model.parameter("b.weight"), 4);
    model.state();
    a.expand().slot("momentum").fill(2);
    Tensor whole = model.parameter("a.weight").value();
    ChannelGraph.of(model, IMAGE).select("a.weight", 0, 1, 4).cut();
    assertEquals(Shape.of(4, 3), a.expand().shape());
    assertEquals(Shape.of(4, 3), a.expand().slot("momentum").shape());
    assertEquals(Shape.of(3, 3, 3, 3), a.reduce().shape());
    assertEquals(Shape.of(8, 4), b.expand().shape());
    assertEquals(Shape.of(4, 3, 3, 4), b.reduce().shape());
    Tensor cut = model.parameter("a.weight").value();
    assertEquals(Shape.of(4, 3, 3, 3), cut.shape());
    assertEquals(whole.get(2 * 27 + 5), cut.get(27 + 5), 1e-6);
    TestNet.infer(model, TestNet.sample(1, 2, 4, 4, 3));
  }

  @Test
  void unevenGroupsAndOtherMisuseAreRefused() {
    Module layer = new Conv2d(4, 6, ConvConfig.kernel(3).withGroups(2)).initialize(1);
    Parameter weight = layer.parameter("weight");
    assertRefused("between 1 and 3, got 4", () -> LowRank.attach(weight, 4, 2));
    LowRank.attach(weight, 2, 2);
    assertRefused("come first", () -> LowRank.attach(weight, 1, 2));
    assertRefused("as many of their rows", () -> weight.cut(0, Indices.of(6, 0, 1, 2)));
    weight.cut(0, Indices.of(6, 0, 1, 3, 5));
    assertEquals(Shape.of(4, 3, 3, 2), weight.value().shape());
    Parameter unset = new Linear(3, 2).weight();
    assertRefused("no value yet", () -> LowRank.attach(unset, 1));
    Module net = factored();
    assertRefused(
        "conv1 is trained as two factors", () -> LowRankProjection.ratio(IMAGE, 0.5).project(net));
    Parameter conv = net.parameter("conv1.weight");
    conv.attach(new FixedMask(Tensor.full(DType.F32, conv.shape(), 1)));
    assertRefused(
        "conv1.weight carries [low_rank, fixed_mask]", () -> Decomposition.of(net, IMAGE));
  }

  @Test
  void aTrainPassMakesTheProductOnce() {
    Module net = factored();
    Batch batch = DATA.batch(0);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var y = net.apply(pass, pass.input(batch.x()));
      assertEquals(Shape.of(6, 5), y.shape());
      long products =
          pass.tape().calls().stream().filter(call -> call.op().name().equals("matmul")).count();
      assertEquals(9, products);
    }
  }

  @Test
  void aWeightOfZerosStaysZeroAndCanLearn() {
    Linear linear = new Linear(7, 9);
    linear.initialize(1);
    Parameter weight = linear.parameter("weight");
    weight.update(raw -> raw.fill(0));
    LowRank factors = LowRank.attach(weight, 3);
    Tensor zeros = weight.value().copy();
    for (int i = 0; i < zeros.count(); i++) {
      assertEquals(0, zeros.get(i));
    }
    double rows = 0;
    Tensor reduce = factors.parameters().get("reduce").raw();
    for (int i = 0; i < reduce.count(); i++) {
      rows += reduce.get(i) * reduce.get(i);
    }
    assertEquals(3, rows, 1e-6, "one unit row a rank: the gradient of the other factor needs it");
  }

  @Test
  void aTinyWeightIsSplitAsItIs() {
    Linear linear = new Linear(7, 9);
    linear.initialize(1);
    Parameter weight = linear.parameter("weight");
    weight.update(
        raw -> {
          for (int i = 0; i < raw.count(); i++) {
            raw.set(i, raw.get(i) * 1e-7);
          }
        });
    Tensor before = weight.value().copy();
    Sequential split = Decomposition.split(linear, 7);
    Tensor reduce = split.parameter("reduce.weight").value();
    Tensor expand = split.parameter("expand.weight").value();
    for (int o = 0; o < 9; o++) {
      for (int i = 0; i < 7; i++) {
        double sum = 0;
        for (int r = 0; r < 7; r++) {
          sum += expand.get(o * 7 + r) * reduce.get(r * 7 + i);
        }
        assertEquals(before.get(o * 7 + i), sum, 1e-12);
      }
    }
  }
}
