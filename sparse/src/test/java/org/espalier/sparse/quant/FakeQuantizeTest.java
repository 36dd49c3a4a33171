package org.espalier.sparse.quant;

import static org.espalier.sparse.quant.BatchNormFoldingTest.normal;
import static org.espalier.sparse.quant.BatchNormFoldingTest.run;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.quant.FakeQuantize.Follow;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class FakeQuantizeTest {
  private static final Shape IMAGE = Shape.of(6, 6, 2);

  private static Sequential net() {
    Sequential net =
        Sequential.builder()
            .add("conv", new Conv2d(2, 4, ConvConfig.kernel(3).withPadding(1)))
            .add("relu", Activation.relu())
            .add("conv2", new Conv2d(4, 3, 3))
            .build();
    net.initialize(1);
    return net;
  }

  private static Tensor train(Module net, Tensor x) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      return net.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static Tensor doubled(Tensor x) {
    Tensor y = x.copy();
    for (int i = 0; i < y.count(); i++) {
      y.set(i, 2 * x.get(i));
    }
    return y;
  }

  @Test
  void aWeightIsRoundedByTheRangeItHasNowAndItsGradientGoesStraightThrough() {
    Parameter weight = Parameter.trainable("w", normal(2, 3, 2, 2, 2));
    FakeQuantize quantize = FakeQuantize.ofWeight(weight);
    Range[] ranges = Range.perChannel("w", weight.raw(), 0);
    Tensor expected = QuantizationGrid.INT8.quantizer(ranges, 0).fakeQuantize(weight.raw());
    weight.attach(quantize);
    assertTrue(expected.bitEquals(weight.value()));
    Tensor dy = normal(3, 3, 2, 2, 2);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients = Walk.run(pass.value(weight), dy, Rule.GRADIENT);
      assertTrue(dy.bitEquals(gradients.of(weight)));
    }
    weight.update(raw -> raw.fill(0.5));
    assertEquals(0.5, weight.value().get(0), 1e-6);
    quantize.freeze(weight);
    weight.update(raw -> raw.fill(5));
    assertEquals(0.5, weight.value().get(0), 1e-6);
  }

  @Test
  void valuesFollowTheMovingAverageOfTrainingPassesUntilFrozen() {
    Sequential net = net();
    FakeQuantize quantize =
        FakeQuantize.ofValues(QuantizationGrid.UINT8, Follow.MOVING_AVERAGE, 0.25);
    net.children().get("conv").input().attach(quantize);
    Tensor x = normal(5, 2, 6, 6, 2);
    String early = assertThrows(StateException.class, () -> run(net, x, Mode.INFER)).getMessage();
    assertTrue(early.contains("no range"), early);
    train(net, x);
    float first = quantize.ranges()[0].high();
    assertEquals(Range.of("x", x).high(), first);
    train(net, doubled(x));
    assertEquals(1.25 * first, quantize.ranges()[0].high(), 1e-5);
    run(net, doubled(x), Mode.INFER);
    assertEquals(1.25 * first, quantize.ranges()[0].high(), 1e-5);
    quantize.freeze();
    train(net, doubled(x));
    assertEquals(1.25 * first, quantize.ranges()[0].high(), 1e-5);
  }

  @Test
  void aRangeMayHoldAllThatWasSeenOrBeGivenForGood() {
    Sequential net = net();
    FakeQuantize seen = FakeQuantize.ofValues(QuantizationGrid.UINT8, Follow.MIN_MAX, 1);
    FakeQuantize given = FakeQuantize.fixed(QuantizationGrid.signed(4), new Range(-1, 1));
    net.input().attach(seen);
    net.output().attach(given);
    Tensor x = normal(5, 2, 6, 6, 2);
    train(net, doubled(x));
    Tensor y = train(net, x);
    assertEquals(Range.of("x", doubled(x)), seen.ranges()[0]);
    for (double value : y.toDoubles()) {
      assertEquals(Math.rint(value * 7), value * 7, 1e-5);
    }
  }

  @Test
  void aLayerUsedTwiceObservesTwiceInAPass() {
    Conv2d shared = new Conv2d(2, 2, ConvConfig.kernel(3).withPadding(1));
    Sequential net = Sequential.builder().add("a", shared).add("b", shared).build();
    net.initialize(1);
    shared.output().attach(FakeQuantize.ofValues(QuantizationGrid.UINT8, Follow.MIN_MAX, 1));
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var y = net.apply(pass, pass.input(normal(5, 2, 6, 6, 2)));
      Gradients gradients = Walk.run(y, Tensor.full(DType.F32, y.shape(), 1), Rule.GRADIENT);
      assertEquals(shared.weight().shape(), gradients.of(shared.weight()).shape());
    }
  }

  @Test
  void rangesAreSavedAndLoadedBitForBit() {
    Sequential net = net();
    net.parameter("conv.weight").attach(FakeQuantize.ofWeight(net.parameter("conv.weight")));
    net.children().get("relu").output().attach(FakeQuantize.ofValues());
    net.children()
        .get("conv2")
        .output()
        .attach(FakeQuantize.ofChannels(QuantizationGrid.signed(6), 3, 3, Follow.MIN_MAX, 1));
    Tensor x = normal(5, 2, 6, 6, 2);
    train(net, x);
    assertTrue(net.state().containsKey("relu.output.fake_quantize.low"));
    Module loaded = Snapshot.of(net, Map.of()).build();
    assertTrue(run(net, x, Mode.INFER).bitEquals(run(loaded, x, Mode.INFER)));
    assertTrue(train(net, doubled(x)).bitEquals(train(loaded, doubled(x))));
    assertTrue(run(net, x, Mode.INFER).bitEquals(run(loaded, x, Mode.INFER)));
  }

  @Test
  void rangesOfChannelsAreCutWithTheChannels() {
    Sequential net = net();
    Parameter weight = net.parameter("conv.weight");
    FakeQuantize ofWeight = FakeQuantize.ofWeight(weight);
    FakeQuantize ofValues =
        FakeQuantize.ofChannels(QuantizationGrid.UINT8, 3, 4, Follow.MIN_MAX, 1);
    weight.attach(ofWeight);
    net.children().get("relu").output().attach(ofValues);
    Tensor x = normal(5, 2, 6, 6, 2);
    train(net, x);
    ofWeight.freeze(weight);
    Range[] weights = ofWeight.ranges();
    Range[] values = ofValues.ranges();
    ChannelGraph.of(net, IMAGE).select("conv.weight", 0, 1).cut();
    assertEquals(Shape.of(3), ofValues.parameters().get("low").shape());
    for (int c = 0; c < 3; c++) {
      int before = c < 1 ? c : c + 1;
      assertEquals(weights[before], ofWeight.ranges()[c]);
      assertEquals(values[before], ofValues.ranges()[c]);
    }
    run(net, x, Mode.INFER);
  }

  @Test
  void anAxisThatIsNotThereIsRefused() {
    Parameter weight = Parameter.trainable("w", normal(2, 3, 2));
    assertThrows(
        IllegalArgumentException.class,
        () -> FakeQuantize.ofWeight(weight, QuantizationGrid.INT8, 2));
    Sequential net = net();
    net.output().attach(FakeQuantize.ofChannels(QuantizationGrid.UINT8, 3, 5, Follow.MIN_MAX, 1));
    assertThrows(IllegalArgumentException.class, () -> train(net, normal(5, 2, 6, 6, 2)));
  }
}
