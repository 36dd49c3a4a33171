package org.espalier.sparse.quant;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ObserversTest {
  private static Tensor tensor(float... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  private static Magnitudes magnitudes(Tensor x) {
    Magnitudes values = new Magnitudes("x", false);
    values.add(x);
    return values;
  }

  private static Tensor normal(long seed, int count) {
    Tensor x = Tensor.zeros(count);
    for (int i = 0; i < count; i++) {
      x.set(i, Random.of(seed).normal(i));
    }
    return x;
  }

  /** Invariant 9. */
  @Property(tries = 60)
  void noThresholdIsAboveTheLargestAndTheChosenErrorIsNotAboveThatOfTheLargest(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @IntRange(min = 2, max = 8) int bits) {
    Magnitudes seen = magnitudes(normal(seed, count));
    assertTrue(seen.percentile(99.99) <= seen.max());
    SquaredErrorThreshold squared = SquaredErrorThreshold.of(seen, bits, false, 100);
    assertTrue(squared.value() <= seen.max());
    assertTrue(squared.error() <= squared.errorAtMax());
    for (double divergence : EntropyThreshold.divergences(seen.histogram(64), 8)) {
      assertTrue(divergence >= -1e-12, () -> "got " + divergence);
    }
    assertTrue(EntropyThreshold.of(seen.histogram(64), seen.max(), 8).value() <= seen.max());
  }

  @Test
  void minMaxHoldsAllBatchesAndAMovingAverageMovesByItsRate() {
    Observer ends = Observers.minMax().create("x", QuantizationGrid.UINT8);
    Observer mean = Observers.movingAverage(0.25).create("x", QuantizationGrid.UINT8);
    for (Observer observer : new Observer[] {ends, mean}) {
      observer.observe(tensor(-1, 2));
      observer.observe(tensor(-3, 1));
    }
    assertEquals(new Range(-3, 2), ends.range());
    assertEquals(new Range(-1.5f, 1.75f), mean.range());
  }

  @Test
  void thresholdsGiveARangeAroundZeroUnlessNothingIsNegative() {
    Observer.Factory percentile = Observers.percentile(50);
    assertEquals(new Range(-2, 2), percentile.range("x", QuantizationGrid.UINT8, tensor(-1, 2, 3)));
    assertEquals(new Range(0, 2), percentile.range("x", QuantizationGrid.UINT8, tensor(1, 2, 3)));
    Observer observer = percentile.create("x", QuantizationGrid.UINT8);
    observer.observe(tensor(0, 1));
    observer.observe(tensor(2, 3));
    assertEquals(1.5, observer.threshold());
  }

  @Test
  void squaredErrorAndEntropyCutOffAnOutlier() {
    Tensor x = normal(3, 4000);
    x.set(17, 40);
    for (String name : new String[] {"mse", "entropy"}) {
      double threshold =
          Observers.named(name).range("x", QuantizationGrid.signed(4), x).magnitude();
      assertTrue(threshold > 1 && threshold < 20, name + " gives " + threshold);
    }
    assertEquals(40, Observers.named("minmax").range("x", QuantizationGrid.INT8, x).magnitude());
  }

  @Test
  void zerosThatAreIgnoredDoNotRuleTheHistogram() {
    Tensor x = Tensor.zeros(4000);
    for (int i = 0; i < 500; i++) {
      x.set(8 * i, Math.abs(Random.of(4).normal(i)));
    }
    double all = Observers.entropy().range("x", QuantizationGrid.UINT8, x).magnitude();
    double without =
        Observers.entropy(2048, 128, true).range("x", QuantizationGrid.UINT8, x).magnitude();
    assertTrue(without != all, "got " + all + " both times");
  }

  @Test
  void manyValuesAreThinnedEvenlyAndTheLargestIsStillExact() {
    Magnitudes values = new Magnitudes("x", false);
    for (int k = 0; k < 10; k++) {
      values.add(normal(k, 60_000));
    }
    Tensor last = tensor(77);
    values.add(last);
    assertTrue(values.size() <= Magnitudes.CAPACITY && values.size() > Magnitudes.CAPACITY / 3);
    assertEquals(77, values.max());
    // The median of |N(0, 1)| is 0.6745.
    assertEquals(0.6745, values.percentile(50), 0.01);
  }

  @Test
  void constantAndZeroTensorsHaveAThreshold() {
    for (String name :
        new String[] {"minmax", "moving_average:0.1", "percentile", "mse", "entropy"}) {
      Observer.Factory kind = Observers.named(name);
      assertEquals(0, kind.range("x", QuantizationGrid.UINT8, tensor(0, 0)).magnitude(), name);
      assertEquals(
          2, kind.range("x", QuantizationGrid.UINT8, tensor(2, 2, 2)).magnitude(), 1e-6, name);
    }
  }

  @Test
  void badValuesAndNoValuesAreNamed() {
    for (String name :
        new String[] {"minmax", "moving_average", "percentile:99", "mse", "entropy"}) {
      Observer observer = Observers.named(name).create("conv1.output", QuantizationGrid.UINT8);
      String empty = assertThrows(StateException.class, observer::range).getMessage();
      assertTrue(empty.contains("conv1.output"), empty);
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        String message =
            assertThrows(StateException.class, () -> observer.observe(tensor(1, bad, 2, 3)))
                .getMessage();
        assertTrue(message.contains("conv1.output"), message);
      }
    }
  }

  @Test
  void badOptionsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Observers.named("median"));
    assertThrows(IllegalArgumentException.class, () -> Observers.named("percentile:many"));
    assertThrows(IllegalArgumentException.class, () -> Observers.named("mse:3"));
    assertThrows(IllegalArgumentException.class, () -> Observers.percentile(101));
    assertThrows(IllegalArgumentException.class, () -> Observers.movingAverage(0));
    assertThrows(IllegalArgumentException.class, () -> Observers.meanSquaredError(0));
    assertThrows(IllegalArgumentException.class, () -> Observers.entropy(10, 20, false));
  }

  @Test
  void aSymmetricGridHasHalfTheLevelsEvenIfNothingIsNegative() {
    Tensor seen = Tensor.zeros(400);
    for (int i = 0; i < seen.count(); i++) {
      seen.set(i, Math.pow(i / 400.0, 8));
    }
    Observer observer = Observers.meanSquaredError().create("x", QuantizationGrid.signed(3));
    observer.observe(seen);
    Magnitudes magnitudes = magnitudes(seen);
    double expected = SquaredErrorThreshold.ofLevels(magnitudes, 3, 100).value();
    assertEquals(expected, observer.range().high(), 1e-6);
    assertNotEquals(expected, SquaredErrorThreshold.ofLevels(magnitudes, 7, 100).value());
  }
}
