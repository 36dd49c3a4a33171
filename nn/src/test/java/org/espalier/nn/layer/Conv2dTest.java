package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Indices;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Values;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class Conv2dTest {
  @Property(tries = 15)
  void theInputGradientIsTheAdjointOfTheMap(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll @IntRange(min = 1, max = 2) int dilation,
      @ForAll @IntRange(min = 1, max = 2) int groups) {
    ConvConfig config =
        ConvConfig.kernel(3)
            .withStride(stride)
            .withDilation(dilation)
            .withPadding(2)
            .withGroups(groups)
            .withoutBias();
    Conv2d conv = Values.randomize(new Conv2d(4, 6, config), seed);
    Tensor x = Values.normal(seed, 2, 7, 6, 4);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var input = pass.inputWithGradient(x);
      Var y = conv.apply(pass, input);
      Tensor gy = Values.normal(seed + 1, y.shape().sizes());
      Gradients gradients = Walk.run(y, gy, Rule.GRADIENT);
      double forward = dot(y.value(), gy);
      assertEquals(forward, dot(x, gradients.of(input)), 1e-5 * (1 + norm(y.value()) * norm(gy)));
    }
  }

  private static double dot(Tensor a, Tensor b) {
    double sum = 0;
    for (int i = 0; i < a.count(); i++) {
      sum += a.get(i) * b.get(i);
    }
    return sum;
  }

  private static double norm(Tensor a) {
    return Math.sqrt(dot(a, a));
  }

  @Property(tries = 10)
  void depthwiseEqualsOneConvolutionAChannel(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int multiplier) {
    int channels = 3;
    ConvConfig config = ConvConfig.kernel(3).withPadding(1).withGroups(channels);
    Conv2d depthwise = Values.randomize(new Conv2d(3, 3 * multiplier, config), seed);
    Tensor x = Values.normal(seed, 1, 5, 4, channels);
    Tensor y = Values.infer(depthwise, x);
    for (int q = 0; q < channels * multiplier; q++) {
      Conv2d single = new Conv2d(1, 1, ConvConfig.kernel(3).withPadding(1));
      single.initialize(0);
      single.weight().set(rows(depthwise.weight().raw(), q, 9).reshape(1, 3, 3, 1));
      single.bias().set(rows(depthwise.bias().raw(), q, 1));
      Tensor expected = Values.infer(single, channel(x, q / multiplier));
      Values.assertClose(expected, channel(y, q), 1e-6);
    }
  }

  private static Tensor rows(Tensor from, int row, int length) {
    Tensor part = Tensor.zeros(length);
    for (int i = 0; i < length; i++) {
      part.set(i, from.get(row * length + i));
    }
    return part;
  }

  private static Tensor channel(Tensor x, int c) {
    int channels = x.shape().size(-1);
    Tensor part = Tensor.zeros(x.shape().with(-1, 1).sizes());
    for (int i = 0; i < part.count(); i++) {
      part.set(i, x.get(i * channels + c));
    }
    return part;
  }

  @Property(tries = 10)
  void paddingOfAnyContentIsAPadLayerInFront(@ForAll long seed, @ForAll PadMode mode) {
    Conv2d padded =
        Values.randomize(
            new Conv2d(2, 3, ConvConfig.kernel(4, 3).withPadding(Padding.SAME).withPadMode(mode)),
            seed);
    Conv2d bare = Values.randomize(new Conv2d(2, 3, ConvConfig.kernel(4, 3)), seed);
    Sequential both = Sequential.of(new Pad(mode, 1, 2, 1, 1), bare);
    Tensor x = Values.normal(seed, 2, 5, 6, 2);
    Values.assertClose(Values.infer(both, x), Values.infer(padded, x), 1e-6);
  }

  @Test
  void defaultValuesAreThoseOfPyTorch() {
    Conv2d conv = new Conv2d(4, 8, 3);
    conv.initialize(3);
    double bound = 1 / Math.sqrt(36);
    for (double w : conv.weight().raw().toDoubles()) {
      assertTrue(Math.abs(w) <= bound);
    }
    for (double b : conv.bias().raw().toDoubles()) {
      assertTrue(Math.abs(b) <= bound && b != 0);
    }
  }

  @Test
  void cuttingItsTensorsIsEnoughToShrinkIt() {
    Conv2d grouped = new Conv2d(4, 4, ConvConfig.kernel(3).withGroups(4));
    grouped.initialize(1);
    Indices keep = Indices.of(4, 1, 3);
    grouped.weight().cut(0, keep);
    grouped.bias().cut(0, keep);
    assertEquals(Shape.of(1, 2, 2, 2), Values.infer(grouped, Values.normal(1, 1, 4, 4, 2)).shape());
  }

  @Test
  void refusesImpossibleConfigurationsAndInputs() {
    assertThrows(
        IllegalArgumentException.class, () -> new Conv2d(4, 6, ConvConfig.kernel(3).withGroups(4)));
    assertThrows(IllegalArgumentException.class, () -> new Conv2d(0, 6, 3));
    assertThrows(IllegalArgumentException.class, () -> new Conv2d(3, 0, 3));
    assertThrows(IllegalArgumentException.class, () -> new Conv2d(3, 6, 0));
    assertThrows(IllegalArgumentException.class, () -> ConvConfig.kernel(3).withStride(0));
    assertThrows(IllegalArgumentException.class, () -> ConvConfig.kernel(3).withGroups(0));
    assertThrows(
        IllegalArgumentException.class,
        () -> ConvConfig.kernel(3).withStride(2).withPadding(Padding.SAME));
    Conv2d conv = new Conv2d(3, 6, 3);
    assertThrows(ShapeException.class, () -> Values.shape(conv, 1, 8, 8, 4));
    assertThrows(ShapeException.class, () -> Values.shape(conv, 1, 8, 8, 6));
    assertThrows(ShapeException.class, () -> Values.shape(conv, 1, 2, 8, 3));
    assertThrows(ShapeException.class, () -> Values.shape(conv, 8, 8, 3));
  }
}
