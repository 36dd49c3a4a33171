package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Call;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Values;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that neighbours computed at once give what they give one after the other. */
class FusionTest {
  private static Tensor noise(int... sizes) {
    return Values.normal(7, sizes);
  }

  private static double[] infer(Module model, Tensor x) {
    return Values.infer(model, x).toDoubles();
  }

  private static double[] study(Module model, Tensor x) {
    return Values.study(model, x).toDoubles();
  }

  private static Sequential convThenNorm(boolean bias, PadMode mode) {
    ConvConfig config = ConvConfig.kernel(3).withPadding(1).withPadMode(mode);
    Sequential model =
        Sequential.of(
            new Conv2d(3, 5, bias ? config : config.withoutBias()),
            new BatchNorm(5),
            Activation.relu());
    return Values.randomize(model, 3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFrozenNormFoldedIntoAConvolutionChangesNothing(boolean bias) {
    Tensor x = noise(2, 6, 6, 3);
    for (PadMode mode : new PadMode[] {PadMode.ZERO, PadMode.REFLECT}) {
      Sequential model = convThenNorm(bias, mode);
      assertArrayEquals(study(model, x), infer(model, x), 1e-4);
    }
  }

  @Test
  void foldedWeightsFollowEveryChange() {
    Tensor x = noise(2, 6, 6, 3);
    Sequential model = convThenNorm(true, PadMode.ZERO);
    for (Parameter parameter : model.state().values()) {
      double[] before = infer(model, x);
      parameter.update(
          raw -> {
            for (int i = 0; i < raw.count(); i++) {
              raw.set(i, raw.get(i) + 0.5);
            }
          });
      double[] after = infer(model, x);
      assertArrayEquals(study(model, x), after, 1e-4);
      assertFalse(Arrays.equals(before, after), parameter.name());
    }
  }

  @Test
  void aConvolutionSharedByTwoNormsTakesEachInItsPlace() {
    Conv2d shared = new Conv2d(4, 4, ConvConfig.kernel(1));
    Module model = Sequential.of(shared, new BatchNorm(4), shared, new BatchNorm(4));
    Values.randomize(model, 3);
    Tensor x = noise(2, 3, 3, 4);
    assertArrayEquals(study(model, x), infer(model, x), 1e-3);
    assertArrayEquals(study(model, x), infer(model, x), 1e-3);
  }

  @Test
  void normAndRectifierAtOnceTrainAsOneAfterTheOther() {
    Tensor x = noise(4, 3, 3, 5);
    BatchNorm together = new BatchNorm(5);
    BatchNorm apart = new BatchNorm(5);
    Values.randomize(together, 3);
    Values.randomize(apart, 3);
    Map<String, Tensor> fused = train(Sequential.of(together, Activation.relu()), x);
    // A module between the two, which does nothing, keeps them apart.
    Map<String, Tensor> single = train(Sequential.of(apart, Sequential.of(Activation.relu())), x);
    fused.forEach(
        (name, tensor) ->
            assertArrayEquals(single.get(name).toDoubles(), tensor.toDoubles(), 1e-5));
    assertTrue(together.runningMean().raw().bitEquals(apart.runningMean().raw()));
    assertTrue(together.runningVariance().raw().bitEquals(apart.runningVariance().raw()));
  }

  private static Map<String, Tensor> train(Sequential model, Tensor x) {
    BatchNorm norm = (BatchNorm) model.children().get("0");
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var input = pass.tape().input(x, true);
      pass.tape().watch("x", input);
      Var y = model.apply(pass, input);
      Tensor output = y.value().copy();
      Var weighted = Ops.mul(y, pass.input(noise(4, 3, 3, 5)));
      Gradients gradients = Walk.gradient(Ops.reduce(Reduction.SUM, weighted, "n h w c ->"));
      return Map.of(
          "y", output,
          "x", gradients.ofKey("x").copy(),
          "gamma", gradients.of(norm.gamma()).copy(),
          "beta", gradients.of(norm.beta()).copy());
    }
  }

  @Test
  void readersOfAStudyPassSeeEveryLayer() {
    Sequential model = convThenNorm(true, PadMode.ZERO);
    try (Pass pass = Pass.study()) {
      model.apply(pass, pass.input(noise(1, 4, 4, 3)));
      List<String> ops = pass.tape().calls().stream().map(Call::op).map(op -> op.name()).toList();
      assertTrue(ops.containsAll(List.of("conv2d", "scale", "relu")), ops.toString());
    }
  }

  @Test
  void aTrainPassTakesOneCallForNormAndRectifier() {
    Sequential model = convThenNorm(true, PadMode.ZERO);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      model.apply(pass, pass.input(noise(2, 4, 4, 3)));
      List<String> ops = pass.tape().calls().stream().map(Call::op).map(op -> op.name()).toList();
      assertEquals(List.of("conv2d", "batch_norm_relu"), ops);
    }
  }

  @Test
  void shapesStayThoseOfTheLastLayer() {
    assertEquals(
        Shape.of(2, 6, 6, 5).count(),
        infer(convThenNorm(false, PadMode.ZERO), noise(2, 6, 6, 3)).length);
  }

  static Stream<Module> modelsThatInferWithFewerCalls() {
    Conv2d conv = new Conv2d(5, 5, ConvConfig.kernel(3).withPadding(1));
    return Stream.of(
        Sequential.of(conv, new BatchNorm(5), Activation.relu()),
        Sequential.of(conv, new BatchNorm(5), Activation.relu6()),
        Sequential.of(conv, new BatchNorm(5), Activation.clamp(-0.125, 0.25)),
        Sequential.of(conv, new BatchNorm(5), Activation.silu()),
        Sequential.of(conv, Activation.relu(), conv),
        Sequential.of(new BatchNorm(5), Activation.relu(), conv),
        Sequential.of(new BatchNorm(5), Activation.relu6()),
        Sequential.of(new Residual(conv, null), Activation.relu(), conv),
        Sequential.of(new Residual(conv, null), Activation.relu6()));
  }

  @ParameterizedTest
  @MethodSource("modelsThatInferWithFewerCalls")
  void inferenceAtOnceGivesWhatLayersGiveOneByOne(Module model) {
    Values.randomize(model, 3);
    Tensor x = noise(2, 6, 5, 5);
    assertArrayEquals(study(model, x), infer(model, x), 1e-4);
  }

  @Test
  void onlyARectifierBehindASumIsFusedWithIt() {
    Module branch = Sequential.of(new Conv2d(3, 3, 1));
    assertNull(Activation.clamp(0, Double.POSITIVE_INFINITY).clamp(), "its derivative at 0 is 1");
    assertNull(Activation.hardTanh(-0.1, 0.1).clamp(), "float32 does not hold 0.1");
    for (boolean relu : new boolean[] {true, false}) {
      Module last = relu ? Activation.relu() : Activation.relu6();
      Sequential model = Sequential.of(new Residual(branch, null), last);
      try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
        model.apply(pass, pass.input(noise(2, 4, 4, 3)));
        List<String> ops = pass.tape().calls().stream().map(call -> call.op().name()).toList();
        assertEquals(
            relu ? List.of("conv2d", "add_relu") : List.of("conv2d", "add", "hard_tanh"), ops);
      }
    }
  }
}
