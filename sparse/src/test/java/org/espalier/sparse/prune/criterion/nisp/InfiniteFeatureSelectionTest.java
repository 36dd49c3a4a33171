package org.espalier.sparse.prune.criterion.nisp;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.System.Logger.Level;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.espalier.sparse.prune.LogRecords;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection.Ranking;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection.Variant;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Eigen;
import org.junit.jupiter.api.Test;

class InfiniteFeatureSelectionTest {
  private static final InfiniteFeatureSelection DEFAULT = InfiniteFeatureSelection.DEFAULT;

  private static Tensor features(long seed, int samples, int width) {
    Tensor x = Tensor.zeros(DType.F64, Shape.of(samples, width));
    for (int e = 0; e < x.count(); e++) {
      x.set(e, Random.of(seed).normal(e) * (1 + e % width));
    }
    return x;
  }

  @Property(tries = 40)
  void scoresAreTheSumOfAllPaths(
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed,
      @ForAll @IntRange(min = 2, max = 8) int width,
      @ForAll @DoubleRange(min = 0, max = 1) double alpha) {
    for (Variant variant : new Variant[] {Variant.INFFS_2015, Variant.INFFS_2015_POPULATION}) {
      Ranking ranking =
          DEFAULT.withAlpha(alpha).withVariant(variant).rank(features(seed, 9, width));
      double[] paths = new double[width];
      double[] sum = new double[width];
      Arrays.fill(paths, 1);
      for (int k = 0; k < 400; k++) {
        double[] next = new double[width];
        for (int i = 0; i < width; i++) {
          for (int j = 0; j < width; j++) {
            next[i] += ranking.r() * ranking.affinity().get(i * width + j) * paths[j];
          }
          sum[i] += next[i];
        }
        paths = next;
      }
      for (int i = 0; i < width; i++) {
        assertEquals(sum[i], ranking.scores()[i], 1e-9 * sum[i]);
        assertTrue(ranking.scores()[i] > 0);
      }
      double[] values = Eigen.valuesOf(ranking.affinity()).toDoubles();
      assertEquals(values[0], ranking.spectralRadius(), 1e-11 * values[0]);
      assertEquals(0.9, ranking.r() * ranking.spectralRadius(), 1e-12);
    }
  }

  @Property(tries = 40)
  void permutingFeaturesPermutesScores(
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed,
      @ForAll @IntRange(min = 2, max = 8) int width) {
    Tensor x = features(seed, 12, width);
    int[] order = Random.of(seed).permutation(width);
    Tensor turned = x.copy();
    for (int e = 0; e < x.count(); e++) {
      turned.set(e - e % width + order[e % width], x.get(e));
    }
    for (Variant variant : Variant.values()) {
      double[] scores = DEFAULT.withVariant(variant).score(x, null);
      double[] permuted = DEFAULT.withVariant(variant).score(turned, null);
      for (int j = 0; j < width; j++) {
        assertEquals(scores[j], permuted[order[j]], 1e-9 * Math.abs(scores[j]));
      }
    }
  }

  @Property(tries = 30)
  void risingTransformsDoNotChangeRankCorrelations(
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Tensor x = features(seed, 15, 5);
    Tensor bent = x.copy();
    for (int e = 0; e < x.count(); e++) {
      bent.set(e, e % 5 == 2 ? Math.exp(x.get(e)) : x.get(e));
    }
    InfiniteFeatureSelection ranks = DEFAULT.withAlpha(0);
    assertArrayEquals(ranks.score(x, null), ranks.score(bent, null), 1e-12);
    assertTrue(Math.abs(DEFAULT.score(x, null)[2] - DEFAULT.score(bent, null)[2]) > 1e-6);
  }

  @Test
  void equalValuesShareTheirRanks() {
    assertArrayEquals(new double[] {1, 3.5, 2, 3.5, 5}, Features.ranks(-1, 2, 0, 2, 7));
  }

  @Test
  void aConstantFeatureAgreesWithNoneAndIsReported() {
    Tensor x = features(1, 10, 3);
    for (int t = 0; t < 10; t++) {
      x.set(3 * t + 1, 4);
    }
    LogRecords.clear();
    Ranking ranking = DEFAULT.withAlpha(0).rank(x);
    for (int j = 0; j < 3; j++) {
      assertEquals(0, ranking.spearman().get(3 + j));
      assertEquals(1, ranking.affinity().get(3 + j));
    }
    assertEquals(1, ranking.bestFirst()[0]);
    assertTrue(LogRecords.of(Level.WARNING).get(0).contains("[1]"));
    Ranking blank = DEFAULT.withVariant(Variant.INFFS_2015_POPULATION).rank(x);
    assertEquals(0, blank.affinity().get(4));
    assertEquals(0, blank.scores()[1], 1e-12);
  }

  @Test
  void featuresThatCannotBeToldApartAllScoreOne() {
    Tensor constant = Tensor.full(DType.F64, Shape.of(4, 3), 2);
    assertArrayEquals(new double[] {1, 1, 1}, DEFAULT.withAlpha(1).score(constant, null));
    assertArrayEquals(new double[] {1}, DEFAULT.score(features(1, 5, 1), null));
  }

  /** Two features without deviations: eigenvalues of equal size and other sign. */
  @Test
  void theSpectralRadiusIsFoundWherePowersWouldSwing() {
    Tensor x = Tensor.of(Shape.of(4, 2), 1.0, 2.0, 2.0, 1.0, 3.0, 4.0, 4.0, 3.0);
    Ranking ranking = DEFAULT.withAlpha(0).rank(x);
    assertEquals(ranking.affinity().get(1), ranking.spectralRadius(), 1e-12);
  }

  @Test
  void simplerScoresAreWhatTheyAreCalled() {
    Tensor x = Tensor.of(Shape.of(3, 2), 1.0, 5.0, 2.0, 5.0, 3.0, 8.0);
    Tensor classifier = Tensor.of(Shape.of(2, 2), 1f, -2f, -3f, 4f);
    assertArrayEquals(new double[] {4, 6}, ResponseScore.ABS_OUT_WEIGHT.score(x, classifier));
    assertArrayEquals(new double[] {1, 3}, ResponseScore.VARIANCE.score(x, null), 1e-12);
    assertArrayEquals(new double[] {1, 1}, ResponseScore.UNIFORM.score(x, null));
    assertRefused("no classifier", () -> ResponseScore.ABS_OUT_WEIGHT.score(x, null));
  }

  @Test
  void badSamplesAndNumbersAreRefused() {
    assertRefused("at least 2 samples", () -> DEFAULT.rank(features(1, 1, 3)));
    Tensor broken = features(1, 4, 3);
    broken.set(7, Double.NaN);
    assertRefused("feature 1 of sample 2 is NaN", () -> DEFAULT.rank(broken));
    for (double alpha : new double[] {-0.1, 1.1, Double.NaN}) {
      assertRefused("alpha", () -> DEFAULT.withAlpha(alpha));
    }
    for (double factor : new double[] {0, 1, Double.NaN}) {
      assertRefused("factor", () -> new InfiniteFeatureSelection(0.5, factor, Variant.INFFS_2015));
    }
  }
}
