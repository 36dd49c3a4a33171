package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class RecalibrationTest {
  /** Gives batches of four samples and two features; batch b is shifted by b. */
  private record Shifted(int count) implements Batches {
    @Override
    public int samples() {
      return 4 * count;
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      return IntStream.range(firstStep, count).mapToObj(Shifted::batch).iterator();
    }

    static Batch batch(int number) {
      Tensor x = Tensor.zeros(4, 2);
      for (int e = 0; e < 8; e++) {
        x.set(e, number + (1 + e % 2) * Random.of(number).normal(e));
      }
      return new Batch(x, Tensor.indices(0, 0, 0, 0));
    }

    /** Returns the mean over batches of a feature's batch mean, or of its unbiased variance. */
    double meanOf(int feature, boolean variance) {
      double sum = 0;
      for (int b = 0; b < count; b++) {
        double[] x = batch(b).x().toDoubles();
        double mean = IntStream.range(0, 4).mapToDouble(i -> x[2 * i + feature]).sum() / 4;
        double squares =
            IntStream.range(0, 4).mapToDouble(i -> Math.pow(x[2 * i + feature] - mean, 2)).sum();
        sum += variance ? squares / 3 : mean;
      }
      return sum / count;
    }
  }

  private static final Shifted DATA = new Shifted(5);

  private static BatchNorm used(Double momentum) {
    BatchNorm norm = new BatchNorm(2, BatchNormConfig.PYTORCH.withMomentum(momentum));
    norm.initialize(1);
    norm.runningMean().set(Tensor.of(Shape.of(2), 9f, -9f));
    norm.runningVariance().set(Tensor.of(Shape.of(2), 4f, 5f));
    return norm;
  }

  private static void assertFresh(BatchNorm norm, Shifted data) {
    for (int c = 0; c < 2; c++) {
      assertEquals(data.meanOf(c, false), norm.runningMean().raw().get(c), 1e-5);
      assertEquals(data.meanOf(c, true), norm.runningVariance().raw().get(c), 1e-5);
    }
  }

  @Test
  void freshStatisticsAreThePlainMeanOfAllBatches() {
    for (Double momentum : new Double[] {0.1, 0.9, 1.0, null}) {
      BatchNorm norm = used(momentum);
      Recalibration.fresh(DATA).apply(Sequential.of(norm));
      assertFresh(norm, DATA);
    }
  }

  @Test
  void fewerBatchesAreTheFirstOnes() {
    BatchNorm norm = used(0.1);
    Recalibration.fresh(DATA).withBatches(2).apply(norm);
    assertFresh(norm, new Shifted(2));
  }

  @Test
  void movingStatisticsGoOnAsInTraining() {
    BatchNorm norm = used(0.25);
    Recalibration.moving(DATA).apply(norm);
    double expected = 9;
    for (int b = 0; b < 5; b++) {
      double[] x = Shifted.batch(b).x().toDoubles();
      expected = 0.75 * expected + 0.25 * (x[0] + x[2] + x[4] + x[6]) / 4;
    }
    assertEquals(expected, norm.runningMean().raw().get(0), 1e-5);
  }

  @Test
  void aSharedNormTakesBothOfItsCalls() {
    BatchNorm norm = used(0.5);
    Recalibration.fresh(DATA).apply(Sequential.of(norm, norm));
    // The second call sees normalised values: mean 0, unbiased variance 4/3, at two thirds' weight.
    assertEquals(DATA.meanOf(0, false) / 3, norm.runningMean().raw().get(0), 1e-5);
  }

  @Test
  void nothingElseMoves() {
    Module model = Toys.convNet().initialize(3);
    List<double[]> before = new ArrayList<>();
    model.parameters().forEach(parameter -> before.add(parameter.raw().toDoubles()));
    Recalibration.fresh(Toys.pictures(12, 4)).apply(model);
    for (int i = 0; i < before.size(); i++) {
      assertArrayEquals(before.get(i), model.parameters().get(i).raw().toDoubles());
    }
  }

  /** The counter weighs a cumulative average: from 0 the next batch would rule alone. */
  @Test
  void aFailureLeavesTheOldStatisticsAndTheirCounter() {
    BatchNorm norm = used(null);
    Parameter counter = norm.ownParameters().get("num_batches_tracked");
    counter.update(raw -> raw.set(0, 7));
    Batches single =
        new Batches() {
          @Override
          public int count() {
            return 1;
          }

          @Override
          public int samples() {
            return 1;
          }

          @Override
          public Iterator<Batch> epoch(int epoch, int firstStep) {
            return List.of(new Batch(Tensor.zeros(1, 2), Tensor.indices(0))).iterator();
          }
        };
    assertThrows(RuntimeException.class, () -> Recalibration.fresh(single).apply(norm));
    assertArrayEquals(new double[] {9, -9}, norm.runningMean().raw().toDoubles());
    assertArrayEquals(new double[] {4, 5}, norm.runningVariance().raw().toDoubles());
    assertEquals(7, counter.raw().get(0));
  }

  @Test
  void senselessRequestsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Recalibration.fresh(new Shifted(0)));
    assertThrows(IllegalArgumentException.class, () -> Recalibration.fresh(DATA).withBatches(0));
    assertThrows(StateException.class, () -> Recalibration.fresh(DATA).apply(used(0.0)));
  }
}
