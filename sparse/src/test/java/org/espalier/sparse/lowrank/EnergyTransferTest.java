package org.espalier.sparse.lowrank;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Init;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks the invariants of sheet 09, section 6, on matrices. */
class EnergyTransferTest {
  private static final int TRIES = 60;

  private static int rank(int rows, int columns, int draw) {
    return 1 + draw % Math.min(rows, columns);
  }

  @Property(tries = TRIES)
  void keepsTheNormAndTheRatiosOfWhatItKeeps(
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll @IntRange(min = 1, max = 14) int columns,
      @ForAll @IntRange(max = 100) int draw,
      @ForAll @DoubleRange(max = 1) double factor,
      @ForAll @IntRange(max = 1000) int seed) {
    Tensor matrix = Matrix.random(seed, rows, columns);
    int rank = rank(rows, columns, draw);
    EnergyTransfer.Projected projected =
        EnergyTransfer.UNIFORM.withReductionFactor(factor).project(matrix, rank);
    double norm = Matrix.norm(matrix);
    assertEquals(norm, Matrix.norm(projected.value()), 1e-5 * norm);
    assertTrue(projected.alpha() >= 1, "alpha " + projected.alpha());
    // Where the tail is reduced little, a grown value may not be the larger one: none here is.
    double[] sigma = Matrix.sigma(projected.value());
    assertArrayEquals(projected.sigmaAfter().toDoubles(), sigma, 1e-9 * norm);
    for (int i = 0; i < rank; i++) {
      double before = projected.sigmaBefore().get(i) / projected.sigmaBefore().get(0);
      assertEquals(before, sigma[i] / sigma[0], 1e-4);
    }
  }

  @Property(tries = TRIES)
  void leavesNothingBehindTheRankAndDoesNothingTwice(
      @ForAll @IntRange(min = 2, max = 9) int rows,
      @ForAll @IntRange(min = 2, max = 14) int columns,
      @ForAll @IntRange(max = 100) int draw,
      @ForAll @IntRange(max = 1000) int seed) {
    Tensor matrix = Matrix.random(seed, rows, columns);
    int rank = rank(rows, columns, draw);
    Tensor once = EnergyTransfer.UNIFORM.project(matrix, rank).value();
    double[] sigma = Matrix.sigma(once);
    for (int i = rank; i < sigma.length; i++) {
      assertTrue(sigma[i] <= 1e-5 * sigma[0], "value " + i + " is " + sigma[i]);
    }
    EnergyTransfer.Projected twice = EnergyTransfer.UNIFORM.project(once, rank);
    assertEquals(1, twice.alpha(), 1e-9);
    assertTrue(Matrix.distance(once, twice.value()) <= 1e-5 * Matrix.norm(once));
  }

  @Property(tries = TRIES)
  void withoutTransferNoMatrixOfTheRankIsNearer(
      @ForAll @IntRange(min = 2, max = 8) int rows,
      @ForAll @IntRange(min = 2, max = 10) int columns,
      @ForAll @IntRange(max = 100) int draw,
      @ForAll @IntRange(max = 1000) int seed) {
    Tensor matrix = Matrix.random(seed, rows, columns);
    int rank = rank(rows, columns, draw);
    EnergyTransfer.Projected projected = EnergyTransfer.NONE.project(matrix, rank);
    double tail = 0;
    for (int i = rank; i < projected.sigmaBefore().count(); i++) {
      tail += projected.sigmaBefore().get(i) * projected.sigmaBefore().get(i);
    }
    double distance = Matrix.distance(matrix, projected.value());
    double norm = Matrix.norm(matrix);
    assertEquals(tail, distance * distance, 1e-4 * norm * norm);
    assertEquals(tail / (norm * norm), projected.tailShare(rank), 1e-9);
    for (int i = 0; i < 5; i++) {
      Tensor near = projected.value().copy();
      Tensor other = Matrix.lowRank(seed + 7 * i, rows, columns, rank);
      assertTrue(Matrix.distance(matrix, other) >= distance - 1e-9);
      // A neighbour of the same rank: the best one with its rows rotated a little.
      Tensor nudge = Matrix.random(seed + i, rows, rows);
      for (int j = 0; j < nudge.count(); j++) {
        nudge.set(j, 0.01 * nudge.get(j) + (j % (rows + 1) == 0 ? 1 : 0));
      }
      assertTrue(Matrix.distance(matrix, Matrix.product(nudge, near)) >= distance - 1e-9);
    }
  }

  @Property(tries = TRIES)
  void commutesWithRotations(
      @ForAll @IntRange(min = 2, max = 7) int rows,
      @ForAll @IntRange(min = 2, max = 9) int columns,
      @ForAll @IntRange(max = 100) int draw,
      @ForAll @IntRange(max = 1000) int seed) {
    Tensor matrix = Matrix.random(seed, rows, columns);
    int rank = rank(rows, columns, draw);
    Tensor left = Matrix.orthogonal(seed + 1, rows);
    Tensor right = Matrix.orthogonal(seed + 2, columns);
    Tensor rotated = Matrix.product(Matrix.product(left, matrix), right);
    Tensor first = EnergyTransfer.UNIFORM.project(rotated, rank).value();
    Tensor later =
        Matrix.product(
            Matrix.product(left, EnergyTransfer.UNIFORM.project(matrix, rank).value()), right);
    assertTrue(Matrix.distance(first, later) <= 1e-4 * Matrix.norm(matrix));
  }

  @Property(tries = TRIES)
  void rectifiedRowsAreThoseOfTheMergedProjectionButForTheGuard(
      @ForAll @IntRange(min = 2, max = 8) int rows,
      @ForAll @IntRange(min = 2, max = 12) int columns,
      @ForAll @IntRange(max = 100) int draw,
      @ForAll @IntRange(max = 1000) int seed) {
    Tensor matrix = Matrix.random(seed, rows, columns);
    int rank = rank(rows, columns, draw);
    Tensor scale = Tensor.zeros(DType.F64, Shape.of(rows));
    Init.normal(0, 0.5).fill(scale, Random.of(seed).stream("scale"));
    scale.set(0, seed % 3 == 0 ? 0 : scale.get(0));
    Tensor merged = BatchNormRectification.multiplyRows(scale, matrix);
    Tensor plain = EnergyTransfer.UNIFORM.project(merged, rank).value();
    EnergyTransfer.Projected rectified = EnergyTransfer.UNIFORM.project(matrix, rank, scale);
    Tensor found = BatchNormRectification.multiplyRows(scale, rectified.value());
    for (int i = 0; i < found.count(); i++) {
      double a = scale.get(i / columns);
      double wanted = plain.get(i) * a * a / (a * a + 1e-5);
      assertEquals(wanted, found.get(i), 1e-5 * (1e-6 + Math.abs(wanted)));
      assertTrue(a != 0 || rectified.value().get(i) == 0);
    }
    double[] sigma = Matrix.sigma(rectified.value());
    for (int i = rank; i < sigma.length; i++) {
      assertTrue(sigma[i] <= 1e-5 * sigma[0], "value " + i + " is " + sigma[i]);
    }
  }

  @Test
  void withFactorsOfOneRectificationOnlyShrinksByTheGuard() {
    Tensor matrix = Matrix.random(3, 6, 10);
    Tensor ones = Tensor.full(DType.F64, Shape.of(6), 1);
    Tensor plain = EnergyTransfer.UNIFORM.project(matrix, 2).value();
    Tensor rectified = EnergyTransfer.UNIFORM.project(matrix, 2, ones).value();
    for (int i = 0; i < plain.count(); i++) {
      assertEquals(plain.get(i) / (1 + 1e-5), rectified.get(i), 1e-12);
    }
  }

  @Test
  void gradientsThatPassAProjectedLayerKeepTheirMeanSquare() {
    Tensor matrix = Matrix.random(5, 6, 9);
    Tensor projected = EnergyTransfer.UNIFORM.project(matrix, 2).value();
    Random random = Random.of(1).stream("directions");
    double sum = 0;
    int draws = 10_000;
    Tensor direction = Tensor.zeros(DType.F64, Shape.of(1, 6));
    for (int draw = 0; draw < draws; draw++) {
      Init.normal(0, 1).fill(direction, random.at(draw));
      double norm = Matrix.norm(Matrix.product(direction, projected));
      sum += norm * norm / draws;
    }
    double energy = Matrix.norm(matrix) * Matrix.norm(matrix);
    assertEquals(energy, sum, 0.05 * energy);
  }

  @Test
  void atFullRankNothingChanges() {
    Tensor matrix = Matrix.random(4, 5, 7);
    EnergyTransfer.Projected projected = EnergyTransfer.UNIFORM.project(matrix, 5);
    assertEquals(1, projected.alpha(), 1e-12);
    assertTrue(Matrix.distance(matrix, projected.value()) < 1e-5);
    assertFalse(projected.isSkipped());
  }

  @Test
  void tinyAndZeroMatricesStayAsTheyAre() {
    Tensor zero = Tensor.zeros(3, 4);
    EnergyTransfer.Projected projected = EnergyTransfer.UNIFORM.project(zero, 1);
    assertTrue(projected.isSkipped());
    assertSame(zero, projected.value());
    assertEquals(0, projected.tailShare(1));
    Tensor tiny = Tensor.full(DType.F32, Shape.of(3, 4), 1e-5);
    assertSame(tiny, EnergyTransfer.UNIFORM.project(tiny, 1).value());
    assertTrue(
        EnergyTransfer.UNIFORM.withSkipBelowSigma(0).project(zero, 1).isSkipped(), "all zeros");
    assertFalse(EnergyTransfer.UNIFORM.withSkipBelowSigma(0).project(tiny, 1).isSkipped());
  }

  @Test
  void rowsOfZerosStayExactlyZeroAndTypesStay() {
    Tensor matrix = Matrix.random(6, 5, 7).to(DType.F32);
    for (int i = 14; i < 21; i++) {
      matrix.set(i, 0);
    }
    Tensor projected = EnergyTransfer.UNIFORM.project(matrix, 2).value();
    assertEquals(DType.F32, projected.dtype());
    for (int i = 14; i < 21; i++) {
      assertEquals(0, projected.get(i));
    }
  }

  @Test
  void badInputIsRefusedByName() {
    Tensor matrix = Matrix.random(1, 4, 6);
    for (int rank : new int[] {0, 5}) {
      Exception e =
          assertThrows(
              IllegalArgumentException.class,
              () -> EnergyTransfer.UNIFORM.project("conv7", matrix, rank, null));
      assertTrue(e.getMessage().contains("conv7"), e.getMessage());
      assertTrue(e.getMessage().contains("between 1 and 4"), e.getMessage());
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> EnergyTransfer.UNIFORM.project(matrix, 1, Tensor.zeros(5)));
    assertThrows(
        IllegalArgumentException.class, () -> EnergyTransfer.UNIFORM.withReductionFactor(1.5));
    assertThrows(IllegalArgumentException.class, () -> EnergyTransfer.UNIFORM.withInverseEps(-1));
    Tensor bad = matrix.copy();
    bad.set(9, Double.NaN);
    Exception e =
        assertThrows(
            StateException.class, () -> EnergyTransfer.UNIFORM.project("conv7", bad, 1, null));
    assertTrue(e.getMessage().contains("number 9 of conv7 is NaN"), e.getMessage());
    Tensor scale = Tensor.full(DType.F64, Shape.of(4), Double.POSITIVE_INFINITY);
    e =
        assertThrows(
            StateException.class, () -> EnergyTransfer.UNIFORM.project("conv7", matrix, 1, scale));
    assertTrue(e.getMessage().contains("conv7's batch norm"), e.getMessage());
  }

  @Test
  void factorsComeFromTheRunningVarianceWhichMustHaveSeenABatch() {
    BatchNorm norm = new BatchNorm(2);
    norm.initialize(1);
    Exception e =
        assertThrows(StateException.class, () -> BatchNormRectification.scale("bn1", norm));
    assertTrue(e.getMessage().contains("bn1"), e.getMessage());
    norm.gamma().set(Tensor.of(Shape.of(2), 3f, -1f));
    norm.runningVariance().set(Tensor.of(Shape.of(2), 4f, 0.25f));
    double[] scale = BatchNormRectification.scale("bn1", norm).toDoubles();
    assertArrayEquals(new double[] {1.5, -2}, scale, 1e-4);
    BatchNorm plain =
        new BatchNorm(
            2,
            new BatchNormConfig(
                1e-12,
                0.1,
                BatchNormConfig.PYTORCH.runningVariance(),
                false,
                true,
                Init.constant(1)));
    plain.initialize(1);
    plain.runningVariance().set(Tensor.of(Shape.of(2), 4f, 0.25f));
    assertArrayEquals(
        new double[] {0.5, 2}, BatchNormRectification.scale("bn", plain).toDoubles(), 1e-9);
    assertThrows(
        IllegalArgumentException.class,
        () -> BatchNormRectification.scale(Tensor.zeros(3), Tensor.zeros(2), 1e-5));
  }
}
