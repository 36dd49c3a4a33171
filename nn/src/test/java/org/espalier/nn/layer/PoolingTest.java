package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Values;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

/** Tests pooling over images and series, and squeeze-and-excite, which is built on it. */
class PoolingTest {
  @Property(tries = 20)
  void averageOfAConstantIsTheConstantWherePaddingDoesNotCount(
      @ForAll @IntRange(min = 2, max = 4) int kernel,
      @ForAll @IntRange(min = 1, max = 3) int stride,
      @ForAll boolean ceilMode) {
    PoolOptions options =
        PoolOptions.kernel(kernel)
            .withStride(stride)
            .withPadding(kernel / 2)
            .withCeilMode(ceilMode)
            .withCountIncludePad(false);
    Tensor y =
        Values.infer(new AveragePool(options), Tensor.full(DType.F32, Shape.of(1, 7, 6, 2), 3));
    for (double value : y.toDoubles()) {
      assertEquals(3, value, 1e-6);
    }
  }

  @Property(tries = 10)
  void maximaPassTheWholeGradientOn(@ForAll long seed) {
    Tensor x = Values.normal(seed, 2, 7, 6, 3);
    Module pool = new MaxPool(PoolOptions.kernel(3).withStride(2).withPadding(1));
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var input = pass.inputWithGradient(x);
      Var y = pool.apply(pass, input);
      Tensor gy = Values.normal(seed + 1, y.shape().sizes());
      Gradients gradients = Walk.run(y, gy, Rule.GRADIENT);
      assertEquals(sum(gy), sum(gradients.of(input)), 1e-4);
    }
  }

  private static double sum(Tensor tensor) {
    double sum = 0;
    for (double value : tensor.toDoubles()) {
      sum += value;
    }
    return sum;
  }

  @Property(tries = 10)
  void seriesPoolAsImagesOfHeightOne(@ForAll long seed) {
    Tensor series = Values.normal(seed, 2, 9, 3);
    Tensor image = series.reshape(2, 1, 9, 3);
    PoolOptions flat = PoolOptions.kernel(1, 3).withStride(1, 2);
    Values.assertSame(
        Values.infer(new MaxPool(flat), image).reshape(2, 4, 3),
        Values.infer(new MaxPool(flat), series));
    Values.assertSame(
        Values.infer(new AveragePool(flat), image).reshape(2, 4, 3),
        Values.infer(new AveragePool(flat), series));
    Values.assertSame(
        Values.infer(AdaptivePool.max(1, 4), image).reshape(2, 4, 3),
        Values.infer(AdaptivePool.max(1, 4), series));
  }

  @Property(tries = 10)
  void globalAverageIsTheAdaptiveOneOfSizeOne(@ForAll long seed) {
    Tensor x = Values.normal(seed, 2, 5, 4, 3);
    Values.assertClose(
        Values.infer(AdaptivePool.average(1, 1), x).reshape(2, 3),
        Values.infer(new GlobalAveragePool(), x),
        1e-6);
  }

  @Test
  void squeezeAndExciteScalesChannelsByTheirGate() {
    Module block = SqueezeExcite.of(2, 1, Activation.clamp(0, 1)).initialize(0);
    block.parameter("gate.reduce.weight").set(Tensor.of(Shape.of(1, 2), 1f, 0));
    block.parameter("gate.reduce.bias").set(Tensor.of(Shape.of(1), 0f));
    block.parameter("gate.expand.weight").set(Tensor.of(Shape.of(2, 1), 0.25f, -1f));
    block.parameter("gate.expand.bias").set(Tensor.of(Shape.of(2), 0f, 0.5f));
    // mean of channel 0 is 2: gates 0.5 and clamp(-1.5) = 0
    Tensor x = Tensor.of(Shape.of(1, 1, 2, 2), 1f, 10, 3, 20);
    Values.assertClose(
        Tensor.of(Shape.of(1, 1, 2, 2), 0.5f, 0, 1.5f, 0), Values.infer(block, x), 1e-6);
  }

  @Test
  void refusesWindowsThatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> new MaxPool(0));
    assertThrows(IllegalArgumentException.class, () -> PoolOptions.kernel(3).withPadding(2));
    assertThrows(IllegalArgumentException.class, () -> AdaptivePool.average(0, 1));
    assertThrows(IllegalArgumentException.class, () -> Values.shape(new MaxPool(5), 1, 4, 4, 1));
  }
}
