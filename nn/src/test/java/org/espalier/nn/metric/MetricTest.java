package org.espalier.nn.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Values;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MetricTest {
  private static final Tensor SCORES =
      Tensor.of(Shape.of(4, 3), 3f, 2, 1, 0, 5, 4, 7, 7, 0, 1, 2, 9);

  @Test
  void topKCountsTiesInClassOrder() {
    TopK one = TopK.accuracy();
    one.add(SCORES, Tensor.indices(0, 2, 1, 2));
    assertEquals(0.5, one.value());
    TopK two = new TopK(2);
    two.add(SCORES, Tensor.indices(0, 2, 1, 0));
    assertEquals(0.75, two.value());
    assertEquals("top2", two.name());
    assertEquals("accuracy", one.name());
    one.reset();
    assertTrue(Double.isNaN(one.value()));
  }

  @Test
  void ignoredTargetsAreSkippedAndBadOnesRefused() {
    TopK metric = TopK.accuracy();
    metric.add(SCORES, Tensor.indices(0, Losses.IGNORE_INDEX, Losses.IGNORE_INDEX, 0));
    assertEquals(2, metric.samples());
    assertEquals(1, metric.right());
    assertThrows(
        IllegalArgumentException.class, () -> metric.add(SCORES, Tensor.indices(0, 1, 2, 3)));
    assertThrows(ShapeException.class, () -> metric.add(SCORES, Tensor.indices(0, 1)));
    assertThrows(DTypeException.class, () -> metric.add(SCORES, Tensor.zeros(4)));
    Tensor nan = SCORES.copy();
    nan.set(4, Double.NaN);
    assertThrows(IllegalArgumentException.class, () -> metric.add(nan, Tensor.indices(0, 1, 1, 1)));
    assertThrows(IllegalArgumentException.class, () -> new TopK(0));
  }

  @Test
  void confusionMatrixGivesPrecisionRecallAndFBetaAClass() {
    // answers 0, 1, 0, 2
    ConfusionMatrix matrix = new ConfusionMatrix(3);
    matrix.add(SCORES, Tensor.indices(0, 0, 0, 2));
    assertEquals(2, matrix.count(0, 0));
    assertEquals(1, matrix.count(0, 1));
    assertEquals(0.75, matrix.value());
    assertEquals(1, matrix.precision(0));
    assertEquals(2 / 3.0, matrix.recall(0));
    assertEquals(0, matrix.precision(1));
    assertEquals(0, matrix.recall(1));
    assertEquals(0.8, matrix.fBeta(0, 1), 1e-12);
    assertEquals(5 * (2 / 3.0) / (4 + 2 / 3.0), matrix.fBeta(0, 2), 1e-12);
    assertEquals(1.8 / 3, matrix.macroFBeta(1), 1e-12);
    assertEquals(0.75, matrix.microFBeta(2), 1e-12);
    String table = matrix.toString();
    assertTrue(table.contains("recall") && table.contains("0.6667"), table);
    assertThrows(ShapeException.class, () -> matrix.add(Tensor.zeros(1, 4), Tensor.indices(0)));
    matrix.reset();
    assertEquals(0, matrix.samples());
  }

  @Property(tries = 20)
  void valuesDoNotDependOnHowSamplesAreBatched(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 7) int split) {
    Tensor scores = Values.normal(seed, 8, 4);
    int[] wanted = new int[8];
    for (int i = 0; i < 8; i++) {
      wanted[i] = Random.of(seed).integer(i, 4);
    }
    for (Metric[] pair :
        new Metric[][] {
          {new TopK(2), new TopK(2)}, {new ConfusionMatrix(4), new ConfusionMatrix(4)}
        }) {
      pair[0].add(scores, Tensor.indices(wanted));
      pair[1].add(rows(scores, 0, split), Tensor.indices(Arrays.copyOf(wanted, split)));
      pair[1].add(rows(scores, split, 8), Tensor.indices(Arrays.copyOfRange(wanted, split, 8)));
      assertEquals(pair[0].value(), pair[1].value());
    }
  }

  private static Tensor rows(Tensor from, int first, int end) {
    int columns = from.shape().size(1);
    Tensor part = Tensor.zeros(end - first, columns);
    for (int i = 0; i < part.count(); i++) {
      part.set(i, from.get(first * columns + i));
    }
    return part;
  }

  @Test
  void fBetaOfSeveralLabelsAveragesInThreeWays() {
    Tensor scores = Tensor.of(Shape.of(3, 2), 1f, 1, -1, 2, 3, -4);
    Tensor targets = Tensor.of(Shape.of(3, 2), 1f, 0, 1, 1, 1, 0);
    FBeta micro = new FBeta(2, 0, FBeta.Average.MICRO);
    FBeta macro = new FBeta(2, 0, FBeta.Average.MACRO);
    FBeta samples = new FBeta(2, 0, FBeta.Average.SAMPLES);
    for (FBeta metric : new FBeta[] {micro, macro, samples}) {
      metric.add(scores, targets);
    }
    // label 0: 2 right, 1 missing; label 1: 1 right, 1 extra
    assertEquals(15.0 / (15 + 4 + 1), micro.value(), 1e-12);
    assertEquals((10.0 / 14 + 5.0 / 6) / 2, macro.value(), 1e-12);
    assertEquals((5.0 / 6 + 5.0 / 9 + 1) / 3, samples.value(), 1e-12);
    assertEquals(1, macro.precision(0));
    assertEquals(2 / 3.0, macro.recall(0));
    assertEquals("f2", macro.name());
    assertThrows(ShapeException.class, () -> macro.add(Tensor.zeros(1, 3), Tensor.zeros(1, 3)));
    assertThrows(
        IllegalArgumentException.class,
        () -> macro.add(Tensor.zeros(1, 2), Tensor.of(Shape.of(1, 2), 0.5f, 1)));
    assertThrows(IllegalArgumentException.class, () -> new FBeta(0, 0, FBeta.Average.MICRO));
    macro.reset();
    assertTrue(Double.isNaN(macro.value()));
  }

  @Test
  void runningMeanWeighsBatchesBySize() {
    RunningMean mean = new RunningMean();
    assertTrue(Double.isNaN(mean.value()));
    mean.add(1, 3);
    mean.add(5, 1);
    assertEquals(2, mean.value());
    assertEquals(4, mean.weight());
    assertThrows(IllegalArgumentException.class, () -> mean.add(1, -1));
    mean.reset();
    assertTrue(Double.isNaN(mean.value()));
  }
}
