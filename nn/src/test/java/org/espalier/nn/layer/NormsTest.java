package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Tests the normalisations within a sample; the other norm has a test of its own. */
class NormsTest {
  @Property(tries = 10)
  void groupNormOfOneGroupIsLayerNormAndOfOneChannelInstanceNorm(@ForAll long seed) {
    Tensor x = Values.normal(seed, 2, 3, 4, 6);
    Values.assertClose(
        Values.infer(LayerNorm.withoutAffine(3, 1e-5), x),
        Values.infer(GroupNorm.withoutAffine(1, 1e-5), x),
        1e-5);
    Values.assertClose(
        Values.infer(new InstanceNorm(), x),
        Values.infer(GroupNorm.withoutAffine(6, 1e-5), x),
        1e-5);
  }

  @Test
  void gammaAndBetaAreAppliedAfterNormalising() {
    LayerNorm norm = new LayerNorm(2);
    norm.initialize(0);
    norm.parameter("weight").set(Tensor.of(Shape.of(2), 2f, 3));
    norm.parameter("bias").set(Tensor.of(Shape.of(2), 10f, 20));
    Tensor y = Values.infer(norm, Tensor.of(Shape.of(1, 2), -1f, 1));
    Values.assertClose(Tensor.of(Shape.of(1, 2), 8f, 23), y, 1e-5);
  }

  @Test
  void kerasContribPutsEpsOutsideTheRootAndSpansAllAxesButTheFirst() {
    Tensor x = Tensor.of(Shape.of(1, 2, 2), -1f, 1, -3, 3);
    double deviation = Math.sqrt(5);
    Tensor y = Values.infer(new InstanceNormKerasContrib(0.5), x);
    for (int i = 0; i < 4; i++) {
      assertEquals(x.get(i) / (deviation + 0.5), y.get(i), 1e-6);
    }
  }

  @Test
  void instanceNormWithRunningStatisticsUsesThemOutsideTraining() {
    InstanceNorm norm = new InstanceNorm(1, 1e-5, 0.5, false, true);
    norm.initialize(0);
    Tensor x = Tensor.of(Shape.of(2, 2, 1), 1f, 3, 5, 9);
    Tensor trained = Values.train(norm, x, 0);
    // means 2 and 7, unbiased variances 2 and 8
    assertEquals(2.25, norm.parameter("running_mean").raw().get(0), 1e-6);
    assertEquals(3, norm.parameter("running_var").raw().get(0), 1e-6);
    Tensor frozen = Values.infer(norm, x);
    assertFalse(trained.bitEquals(frozen));
    assertEquals((1 - 2.25) / Math.sqrt(3 + 1e-5), frozen.get(0), 1e-5);
  }

  @Test
  void onePositionAChannelIsAnErrorInTrainingOnly() {
    Tensor x = Values.normal(1, 2, 1, 3);
    assertThrows(ShapeException.class, () -> Values.train(new InstanceNorm(), x, 0));
    assertEquals(x.shape(), Values.infer(new InstanceNorm(), x).shape());
  }

  @Test
  void refusesBadOptions() {
    assertThrows(IllegalArgumentException.class, () -> new GroupNorm(3, 4));
    assertThrows(IllegalArgumentException.class, () -> new LayerNorm(Shape.of(3), 0));
    assertThrows(IllegalArgumentException.class, () -> LayerNorm.withoutAffine(0, 1));
    assertThrows(IllegalArgumentException.class, () -> new InstanceNormKerasContrib(-1));
    assertThrows(IllegalArgumentException.class, () -> new InstanceNorm(2, 1e-5, 2, true, true));
  }
}
