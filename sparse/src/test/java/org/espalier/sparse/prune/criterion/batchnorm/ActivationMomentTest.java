package org.espalier.sparse.prune.criterion.batchnorm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;

class ActivationMomentTest {
  private static final ActivationMoment RELU = ActivationMoment.relu();
  private static final ActivationMoment IDENTITY = ActivationMoment.identity();
  private static final ActivationMoment RELU6 = ActivationMoment.clipped(6);

  private static ActivationMoment numeric(ActivationMoment of, double... kinks) {
    return ActivationMoment.numeric(of::value, kinks);
  }

  /** beta, sigma, R, second moment, in forty digits. */
  private static final double[][] TAILS = {
    {0.3, 0.7, 0.45452043393155108, 0.46263852043962918},
    {-5.2, 1.0, 1.7953365989221038e-8, 6.2867600253853176e-9},
    {-12.0, 1.0, 1.4605201169845548e-34, 2.3857971696213262e-35},
    {-29.5, 1.0, 4.8684244514720229e-193, 3.2893390449324015e-194},
    {-30.5, 1.0, 4.2627920889872051e-206, 2.7863260369787818e-207},
    {-37.0, 1.0, 1.5451991905122025e-301, 8.3342176294277234e-303},
    {2.0, 0.1, 2.0, 4.01},
    {31.0, 1.0, 31.0, 962.0},
  };

  @Test
  void theTailOfTheRectifiedMeanDoesNotCancel() {
    for (double[] known : TAILS) {
      assertEquals(known[2], RELU.mean(known[0], known[1]), 1e-7 * known[2]);
      assertEquals(known[3], RELU.secondMoment(known[0], known[1]), 1e-7 * known[3]);
    }
    assertEquals(0, RELU.mean(-60, 1));
    assertEquals(0, RELU.secondMoment(-60, 1));
  }

  @Property(tries = 200)
  void theRectifiedMeanLiesWithinItsBoundsAndRises(
      @ForAll @DoubleRange(min = -4, max = 4) double beta,
      @ForAll @DoubleRange(min = 0.1, max = 3) double sigma) {
    double r = RELU.mean(beta, sigma);
    assertTrue(r >= Math.max(beta, 0) - 1e-12);
    assertTrue(r <= Math.max(beta, 0) + sigma / Math.sqrt(2 * Math.PI) + 1e-12);
    double h = 1e-5;
    double t = beta / sigma;
    double inBeta = (RELU.mean(beta + h, sigma) - RELU.mean(beta - h, sigma)) / (2 * h);
    double inSigma = (RELU.mean(beta, sigma + h) - RELU.mean(beta, sigma - h)) / (2 * h);
    assertEquals(StandardNormal.distribution(t), inBeta, 1e-6);
    assertEquals(StandardNormal.density(t), inSigma, 1e-6);
    assertEquals(beta, r - RELU.mean(-beta, sigma), 1e-10);
    assertEquals(IDENTITY.meanAbs(beta, sigma), r + RELU.mean(-beta, sigma), 1e-10);
    assertEquals(sigma / Math.sqrt(2 * Math.PI), RELU.mean(0, sigma), 1e-12);
    assertEquals(sigma * Math.sqrt(2 / Math.PI), IDENTITY.meanAbs(0, sigma), 1e-12);
  }

  @Property(tries = 100)
  void homogeneousActivationsScaleTheirMoments(
      @ForAll @DoubleRange(min = -4, max = 4) double beta,
      @ForAll @DoubleRange(min = 0.1, max = 3) double sigma,
      @ForAll @DoubleRange(min = 0.01, max = 100) double c) {
    for (ActivationMoment moment : List.of(RELU, IDENTITY, ActivationMoment.leaky(0.1))) {
      double expected = c * moment.meanAbs(beta, sigma);
      assertEquals(expected, moment.meanAbs(c * beta, c * sigma), 1e-9 * expected);
    }
  }

  @Property(tries = 100)
  void closedFormsEqualTheIntegrals(
      @ForAll @DoubleRange(min = -8, max = 8) double beta,
      @ForAll @DoubleRange(min = 0, max = 4) double sigma) {
    check(RELU, numeric(RELU, 0), beta, sigma);
    check(IDENTITY, numeric(IDENTITY, 0), beta, sigma);
    check(RELU6, numeric(RELU6, 0, 6), beta, sigma);
    check(ActivationMoment.leaky(0.3), numeric(ActivationMoment.leaky(0.3), 0), beta, sigma);
    check(ActivationMoment.leaky(-0.5), numeric(ActivationMoment.leaky(-0.5), 0), beta, sigma);
    ActivationMoment gelu = ActivationMoment.gelu();
    check(gelu, numeric(gelu, 0), beta, sigma);
  }

  private static void check(
      ActivationMoment closed, ActivationMoment integral, double beta, double sigma) {
    assertEquals(integral.mean(beta, sigma), closed.mean(beta, sigma), 1e-8);
    assertEquals(integral.meanAbs(beta, sigma), closed.meanAbs(beta, sigma), 1e-8);
    assertEquals(integral.secondMoment(beta, sigma), closed.secondMoment(beta, sigma), 1e-7);
    assertEquals(integral.deviation(beta, sigma), closed.deviation(beta, sigma), 1e-3);
    assertTrue(closed.meanAbs(beta, sigma) >= 0);
  }

  @Property(tries = 100)
  void clippingTakesAwayOnlyWhatLiesAbove(
      @ForAll @DoubleRange(min = -4, max = 12) double beta,
      @ForAll @DoubleRange(min = 0, max = 3) double sigma) {
    double clipped = RELU6.mean(beta, sigma);
    assertTrue(clipped <= RELU.mean(beta, sigma) + 1e-12 && clipped <= 6);
    if (beta + 8 * sigma < 6) {
      assertEquals(RELU.mean(beta, sigma), clipped, 1e-9);
    }
    assertThrows(IllegalArgumentException.class, () -> ActivationMoment.clipped(0));
  }

  @Test
  void normalDrawsReproduceTheMeans() {
    Random random = Random.of(11);
    int draws = 1_000_000;
    double[] z = new double[draws];
    for (int i = 0; i < draws; i++) {
      z[i] = random.normal(i);
    }
    for (double[] point : new double[][] {{0.3, 0.7}, {-1, 0.5}, {2, 2}}) {
      for (ActivationMoment moment :
          List.of(RELU, IDENTITY, RELU6, ActivationMoment.leaky(0.1), ActivationMoment.gelu())) {
        double sum = 0;
        double squares = 0;
        for (double u : z) {
          double a = Math.abs(moment.value(point[0] + point[1] * u));
          sum += a;
          squares += a * a;
        }
        double mean = sum / draws;
        double error = Math.sqrt((squares / draws - mean * mean) / draws);
        assertEquals(mean, moment.meanAbs(point[0], point[1]), 5 * error);
      }
    }
  }

  @Test
  void aConstantChannelIsItsOwnMoment() {
    for (double beta : new double[] {-1.5, 0, 2.5, 9}) {
      for (ActivationMoment moment : List.of(RELU, IDENTITY, RELU6, ActivationMoment.gelu())) {
        double value = moment.value(beta);
        assertEquals(Math.abs(value), moment.meanAbs(beta, 0), 1e-12);
        assertEquals(value * value, moment.secondMoment(beta, 0), 1e-12);
        assertEquals(0, moment.deviation(beta, 0));
      }
      assertEquals(beta > 0 ? 1 : 0, Statistic.PROB_ACTIVE.of(RELU, beta, 0, 0));
    }
    assertEquals(0.5, RELU.deviation(4.5, 0.5));
  }
}
