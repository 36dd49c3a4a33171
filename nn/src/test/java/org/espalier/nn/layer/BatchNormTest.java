package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Call;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.Values;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;

class BatchNormTest {
  private static final Tensor X = Tensor.of(Shape.of(4, 1), 1f, 2, 3, 6);

  private static BatchNorm trained(BatchNormConfig config) {
    BatchNorm norm = new BatchNorm(1, config);
    norm.initialize(0);
    Values.train(norm, X, 0);
    return norm;
  }

  private static double mean(BatchNorm norm) {
    return norm.runningMean().raw().get(0);
  }

  private static double variance(BatchNorm norm) {
    return norm.runningVariance().raw().get(0);
  }

  @Test
  void runningStatisticsFollowEachFlavour() {
    // mean 3, biased variance 3.5, unbiased 14/3
    BatchNorm pytorch = trained(BatchNormConfig.PYTORCH);
    assertEquals(0.3, mean(pytorch), 1e-6);
    assertEquals(0.9 + 0.1 * 14 / 3, variance(pytorch), 1e-6);
    BatchNorm keras = trained(BatchNormConfig.KERAS);
    assertEquals(0.03, mean(keras), 1e-6);
    assertEquals(0.99 + 0.01 * 3.5, variance(keras), 1e-6);
    BatchNorm old = trained(BatchNormConfig.KERAS.withRunningVariance(RunningVariance.KERAS22));
    assertEquals(0.99 + 0.01 * 3.5 * 4 / (4 - 1.001), variance(old), 1e-6);
  }

  @Test
  void withoutMomentumTheStatisticsAreTheAverageOfAllBatches() {
    BatchNorm norm = trained(BatchNormConfig.PYTORCH.withMomentum(null));
    assertEquals(3, mean(norm), 1e-6);
    assertEquals(14 / 3.0, variance(norm), 1e-6);
    Values.train(norm, Tensor.of(Shape.of(2, 1), 7f, 7), 0);
    assertEquals(5, mean(norm), 1e-6);
    assertEquals(7 / 3.0, variance(norm), 1e-6);
  }

  @Test
  void onlyTrainPassesChangeTheStatistics() {
    BatchNorm norm = trained(BatchNormConfig.PYTORCH);
    Tensor before = norm.runningMean().raw().copy();
    Values.infer(norm, X);
    Values.study(norm, X);
    Values.shape(norm, 4, 1);
    Values.assertSame(before, norm.runningMean().raw());
  }

  @Property(tries = 20)
  void trainOutputHasMeanZeroAndTheShareOfVarianceThatEpsLeaves(
      @ForAll long seed, @ForAll @IntRange(min = 2, max = 5) int n) {
    BatchNorm norm = new BatchNorm(3, BatchNormConfig.PYTORCH.withoutAffine().withEps(0.1));
    Tensor x = Values.normal(seed, n, 4, 5, 3);
    Tensor y = Values.train(norm, x, 0);
    for (int c = 0; c < 3; c++) {
      double[] in = moments(x, c);
      double[] out = moments(y, c);
      assertEquals(0, out[0], 1e-6);
      assertEquals(in[1] / (in[1] + 0.1), out[1], 1e-5);
    }
  }

  private static double[] moments(Tensor x, int channel) {
    int channels = x.shape().size(-1);
    int count = x.count() / channels;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double value = x.get(i * channels + channel);
      sum += value;
      squares += value * value;
    }
    double mean = sum / count;
    return new double[] {mean, squares / count - mean * mean};
  }

  @Property(tries = 20)
  void frozenFormIsAnAffineMapAndFoldsIntoAConvolution(@ForAll long seed) {
    Conv2d conv = new Conv2d(3, 4, ConvConfig.kernel(3).withPadding(1));
    BatchNorm norm = new BatchNorm(4);
    Module model = Values.randomize(Sequential.of(conv, norm), seed);
    Tensor x = Values.normal(seed, 2, 5, 5, 3);

    Tensor expected = Values.infer(model, x);
    Conv2d folded = new Conv2d(3, 4, ConvConfig.kernel(3).withPadding(1));
    folded.initialize(0);
    for (int o = 0; o < 4; o++) {
      double s =
          norm.gamma().raw().get(o) / Math.sqrt(norm.runningVariance().raw().get(o) + norm.eps());
      int row = o;
      folded.weight().update(w -> scaleRow(conv.weight().raw(), row, s, w));
      double shift =
          (conv.bias().raw().get(o) - norm.runningMean().raw().get(o)) * s
              + norm.beta().raw().get(o);
      folded.bias().update(b -> b.set(row, shift));
    }
    Values.assertClose(expected, Values.infer(folded, x), 1e-5);
  }

  private static void scaleRow(Tensor from, int row, double factor, Tensor to) {
    int length = from.count() / from.shape().size(0);
    for (int i = row * length; i < (row + 1) * length; i++) {
      to.set(i, factor * from.get(i));
    }
  }

  @Test
  void changesOfAnyTensorReachTheNextInference() {
    BatchNorm norm = Values.randomize(new BatchNorm(2), 3);
    Tensor x = Values.normal(4, 3, 2);
    for (Parameter parameter : norm.state().values()) {
      Tensor before = Values.infer(norm, x);
      parameter.update(raw -> raw.set(1, raw.get(1) + 1));
      Tensor after = Values.infer(norm, x);
      assertFalse(before.bitEquals(after), parameter.name());
      Values.assertSame(Values.study(norm, x), after);
    }
    Indices second = Indices.of(2, 1);
    norm.state().values().forEach(parameter -> parameter.cut(0, second));
    assertEquals(Shape.of(3, 1), Values.infer(norm, Values.normal(4, 3, 1)).shape());
  }

  @Test
  void recordsAllFourTensorsInStudyPassesSoThatTheyAreCoupled() {
    BatchNorm norm = new BatchNorm(2);
    try (Pass pass = Pass.shapes()) {
      norm.apply(pass, pass.input(Shape.of(1, 4, 4, 2)));
      List<Call> calls = pass.tape().calls();
      for (Parameter parameter : norm.state().values()) {
        Var var = pass.tape().watchedVar(parameter);
        assertTrue(
            calls.stream().anyMatch(call -> reads(call, var)), parameter.name() + " is not read");
      }
      assertEquals("scale", calls.get(calls.size() - 1).op().name());
    }
  }

  private static boolean reads(Call call, Var var) {
    for (int i = 0; i < call.inputCount(); i++) {
      if (call.input(i) == var) {
        return true;
      }
    }
    return false;
  }

  @Test
  void gradientsReachGammaAndBetaInBothForms() {
    BatchNorm norm = Values.randomize(new BatchNorm(2), 1);
    try (Pass train = Pass.train(new Workspace(), Random.of(1));
        Pass study = Pass.study()) {
      for (Pass pass : List.of(train, study)) {
        Var y = norm.apply(pass, pass.input(Values.normal(2, 3, 2)));
        Gradients gradients = Walk.gradient(Ops.reduce(Reduction.SUM, y, "n c ->"));
        assertEquals(3, gradients.of(norm.beta()).get(0), 1e-6);
        assertEquals(2, gradients.of(norm.gamma()).count());
        assertEquals(null, gradients.of(norm.runningMean()));
      }
    }
  }

  @Test
  void oneValueAChannelIsAnErrorInTrainingOnly() {
    BatchNorm norm = new BatchNorm(3);
    Tensor one = Values.normal(1, 1, 3);
    assertEquals(Shape.of(1, 3), Values.infer(norm, one).shape());
    ShapeException e = assertThrows(ShapeException.class, () -> Values.train(norm, one, 0));
    assertTrue(e.getMessage().contains("more than one value per channel"), e.getMessage());
  }

  @Test
  void aFrozenLayerTrainsByTheRunningStatisticsAndLeavesThem() {
    BatchNorm norm = trained(BatchNormConfig.PYTORCH);
    Sequential net = Sequential.of(norm, Activation.relu());
    norm.setFrozen(true);
    double mean = mean(norm);
    Tensor inferred = Values.infer(net, X);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var y = net.apply(pass, pass.input(X));
      assertEquals(inferred.get(3), y.value().get(3), 1e-6);
      Gradients gradients = Walk.run(y, X, Rule.GRADIENT);
      double sum = 0;
      for (int i = 0; i < 4; i++) {
        sum += inferred.get(i) > 0 ? X.get(i) : 0;
      }
      assertEquals(sum, gradients.of(norm.beta()).get(0), 1e-5);
    }
    assertEquals(mean, mean(norm));
    Module loaded = Snapshot.of(net, Map.of()).build();
    assertTrue(((BatchNorm) loaded.children().get("0")).isFrozen());
    norm.setFrozen(false);
    assertFalse(net.spec().children().get("0").options().containsKey("frozen"));
    BatchNorm without = new BatchNorm(1, BatchNormConfig.PYTORCH.withoutRunningStats());
    assertThrows(StateException.class, () -> without.setFrozen(true));
  }

  @Test
  void withoutRunningStatisticsEveryPassUsesTheBatch() {
    BatchNorm norm = new BatchNorm(1, BatchNormConfig.PYTORCH.withoutRunningStats());
    norm.initialize(0);
    Values.assertSame(Values.train(norm, X, 0), Values.infer(norm, X));
    assertEquals(2, norm.state().size());
  }

  @Test
  void refusesBadOptions() {
    assertThrows(IllegalArgumentException.class, () -> BatchNormConfig.PYTORCH.withEps(0));
    assertThrows(IllegalArgumentException.class, () -> BatchNormConfig.PYTORCH.withEps(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> BatchNormConfig.PYTORCH.withMomentum(1.5));
    assertThrows(IllegalArgumentException.class, () -> new BatchNorm(0));
  }
}
