package org.espalier.sparse.prune.rls;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class RlsImportanceTest {
  private static final int CHANNELS = 4;
  private static final int SIZE = 2 * CHANNELS + 1;

  private static Tensor normal(long seed, int... sizes) {
    Tensor tensor = Tensor.zeros(DType.F64, Shape.of(sizes));
    java.util.Random random = new java.util.Random(seed);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  /** Returns a definite matrix: noise times its transpose, and the identity. */
  private static Tensor definite(long seed) {
    Tensor a = normal(seed, SIZE, SIZE);
    Tensor p = Tensor.zeros(DType.F64, Shape.of(1, SIZE, SIZE));
    for (int i = 0; i < SIZE * SIZE; i++) {
      double sum = i / SIZE == i % SIZE ? 1 : 0;
      for (int k = 0; k < SIZE; k++) {
        sum += a.get(i / SIZE * SIZE + k) * a.get(i % SIZE * SIZE + k);
      }
      p.set(i, sum);
    }
    return p;
  }

  /** A weight of three outputs, two kernel positions and four channels. */
  private static Parameter weight(Tensor value, Tensor p) {
    Parameter weight = Parameter.trainable("w", value);
    InverseAutocorrelation.attach(weight, p);
    return weight;
  }

  @Provide
  Arbitrary<RlsImportance> importance() {
    return Arbitraries.of(RlsImportance.values());
  }

  @Property(tries = 40)
  void scoresAreNotNegativeAndCurvatureGrowsWithTheSquare(
      @ForAll("importance") RlsImportance importance, @ForAll long seed) {
    Tensor value = normal(seed, 3, 1, 2, CHANNELS);
    Tensor p = definite(seed + 1);
    double[] scores = importance.ofInputs(weight(value.copy(), p));
    for (int i = 0; i < value.count(); i++) {
      value.set(i, -3 * value.get(i));
    }
    double[] scaled = importance.ofInputs(weight(value, p));
    double factor = importance == RlsImportance.WEIGHT_OVER_P ? 3 : 9;
    for (int channel = 0; channel < CHANNELS; channel++) {
      assertTrue(scores[channel] >= 0);
      assertEquals(factor * scores[channel], scaled[channel], 1e-9 * scaled[channel]);
    }
  }

  @Property(tries = 20)
  void permutedChannelsHavePermutedScores(
      @ForAll("importance") RlsImportance importance, @ForAll long seed) {
    int[] order = {2, 0, 3, 1};
    int[] rows = new int[SIZE];
    for (int i = 0; i < SIZE; i++) {
      rows[i] = i == SIZE - 1 ? i : i / CHANNELS * CHANNELS + order[i % CHANNELS];
    }
    Tensor value = normal(seed, 3, 1, 2, CHANNELS);
    Tensor p = definite(seed + 1);
    Tensor turnedValue = value.copy();
    for (int i = 0; i < value.count(); i++) {
      turnedValue.set(i, value.get(i / CHANNELS * CHANNELS + order[i % CHANNELS]));
    }
    Tensor turnedP = p.copy();
    for (int i = 0; i < p.count(); i++) {
      turnedP.set(i, p.get(rows[i / SIZE] * SIZE + rows[i % SIZE]));
    }
    double[] scores = importance.ofInputs(weight(value, p));
    double[] turned = importance.ofInputs(weight(turnedValue, turnedP));
    for (int channel = 0; channel < CHANNELS; channel++) {
      assertEquals(scores[order[channel]], turned[channel], 1e-9);
    }
  }

  @Property(tries = 20)
  void curvaturesAgreeWhereInputsDoNotMeet(@ForAll long seed) {
    Tensor p = Tensor.zeros(DType.F64, Shape.of(1, SIZE, SIZE));
    for (int i = 0; i < SIZE; i++) {
      p.set(i * SIZE + i, 0.1 + i);
    }
    Parameter weight = weight(normal(seed, 3, 1, 2, CHANNELS), p);
    assertArrayEquals(
        RlsImportance.CURVATURE_DIAGONAL.ofInputs(weight),
        RlsImportance.CURVATURE_GROUP.ofInputs(weight),
        1e-6);
  }

  /** Of one channel alone the joint rise is the channel's score; of two it is no plain sum. */
  @Property(tries = 20)
  void theRiseOfTheObjectiveIsTheScoreOfASingleChannel(@ForAll long seed) {
    Parameter weight = weight(normal(seed, 3, 1, 2, CHANNELS), definite(seed + 1));
    double[] scores = RlsImportance.CURVATURE_GROUP.ofInputs(weight);
    for (int gone = 0; gone < CHANNELS; gone++) {
      int channel = gone;
      Indices keep = Indices.where(CHANNELS, i -> i != channel);
      assertEquals(scores[gone], InputRemoval.objectiveIncrease(weight, keep), 1e-8);
    }
    assertEquals(0, InputRemoval.objectiveIncrease(weight, Indices.all(CHANNELS)));
  }

  @Test
  void groupsAddUpAndDepthwiseOutputsShareTheScoreOfTheirInput() {
    Parameter grouped = Parameter.trainable("w", normal(1, 4, 1, 1, 2));
    InverseAutocorrelation.attach(grouped, definiteBlocks(2, 2));
    double[] sum = RlsImportance.CURVATURE_DIAGONAL.ofInputs(grouped);
    Tensor w = grouped.raw();
    double expected = 0;
    for (int o = 0; o < 4; o++) {
      double diagonal = o < 2 ? 2 : 3;
      expected += w.get(2 * o) * w.get(2 * o) / (2 * diagonal);
    }
    assertEquals(expected, sum[0], 1e-12);
    Parameter depthwise = Parameter.trainable("w", normal(2, 4, 1, 1, 1));
    InverseAutocorrelation.attach(depthwise, definiteBlocks(2, 1));
    double[] parts = RlsImportance.CURVATURE_GROUP.ofDepthwise(depthwise);
    assertEquals(RlsImportance.CURVATURE_GROUP.ofInputs(depthwise)[0], Arrays.stream(parts).sum());
    assertEquals(depthwise.raw().get(3) * depthwise.raw().get(3) / 6, parts[3], 1e-12);
  }

  /** Returns {@code (2 + block)·I} for each block. */
  private static Tensor definiteBlocks(int blocks, int size) {
    Tensor p = Tensor.zeros(DType.F64, Shape.of(blocks, size, size));
    for (int block = 0; block < blocks; block++) {
      for (int i = 0; i < size; i++) {
        p.set((block * size + i) * size + i, 2 + block);
      }
    }
    return p;
  }

  @Test
  void withoutTheMatrixOnlyTheNormCanBeAsked() {
    Parameter weight = Parameter.trainable("fc.weight", normal(1, 3, 2));
    assertEquals(2, RlsImportance.WEIGHT_NORM.ofInputs(weight).length);
    String text =
        assertThrows(
                IllegalStateException.class,
                () -> RlsImportance.CURVATURE_DIAGONAL.ofInputs(weight))
            .getMessage();
    assertTrue(text.contains("fc.weight") && text.contains("WEIGHT_NORM"), text);
    assertThrows(
        IllegalStateException.class, () -> InputRemoval.objectiveIncrease(weight, Indices.all(2)));
  }
}
