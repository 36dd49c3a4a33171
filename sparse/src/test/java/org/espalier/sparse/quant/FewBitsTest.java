package org.espalier.sparse.quant;

import static org.espalier.sparse.quant.BatchNormFoldingTest.normal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

/** Holds the techniques of few bits to the sheet's invariants 4 to 8, and gradients to formulas. */
class FewBitsTest {
  /**
   * Is a parametrization applied to a tensor.
   *
   * @param y what it makes
   * @param dx the gradient of the tensor
   * @param gradients all gradients
   */
  private record Applied(Tensor y, Tensor dx, Gradients gradients) {}

  private static Applied apply(Tensor x, Parametrization parametrization, Tensor dy) {
    Parameter held = Parameter.trainable("x", x.copy());
    held.attach(parametrization);
    parametrization.parameters().values().forEach(own -> own.convert(x.dtype()));
    try (Pass pass = Pass.train(new Workspace(), Random.of(3))) {
      Var y = pass.value(held);
      Tensor value = y.value().copy();
      Gradients gradients = Walk.run(y, dy, Rule.GRADIENT);
      return new Applied(value, gradients.of(held).copy(), gradients.copy());
    }
  }

  private static Tensor wide(long seed, int... sizes) {
    return normal(seed, sizes).to(DType.F64);
  }

  /** Returns the directional derivative of a smooth function by central differences. */
  private static double slope(Tensor x, Tensor direction, ToDoubleFunction<Tensor> f) {
    double h = 1e-6;
    Tensor up = x.copy();
    Tensor down = x.copy();
    for (int i = 0; i < x.count(); i++) {
      up.set(i, x.get(i) + h * direction.get(i));
      down.set(i, x.get(i) - h * direction.get(i));
    }
    return (f.applyAsDouble(up) - f.applyAsDouble(down)) / (2 * h);
  }

  private static double dot(Tensor a, Tensor b) {
    double sum = 0;
    for (int i = 0; i < a.count(); i++) {
      sum += a.get(i) * b.get(i);
    }
    return sum;
  }

  private static Set<Double> values(Tensor x) {
    Set<Double> values = new TreeSet<>();
    Arrays.stream(x.toDoubles()).map(v -> v == 0 ? 0 : v).forEach(values::add);
    return values;
  }

  /** Invariant 4. */
  @Property(tries = 60)
  void learnedStepsHaveTheirClosedGradients(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8) int bits,
      @ForAll boolean unsigned,
      @ForAll boolean perSample,
      @ForAll boolean floats) {
    Tensor x = floats ? normal(seed, 4, 6) : wide(seed, 4, 6);
    Tensor dy = floats ? normal(seed + 1, 4, 6) : wide(seed + 1, 4, 6);
    LearnedStepSize learned =
        LearnedStepSize.of(x, bits, AffineQuantizer.PER_TENSOR, unsigned, perSample);
    double s = learned.step().raw().get(0);
    Applied applied = apply(x, learned, dy);
    int qn = unsigned ? 0 : -(1 << (bits - 1));
    int qp = (1 << (unsigned ? bits : bits - 1)) - 1;
    double sum = 0;
    for (int i = 0; i < x.count(); i++) {
      double v = x.get(i) / s;
      boolean inside = v >= qn && v <= qp;
      sum += dy.get(i) * (inside ? Math.rint(v) - v : v < qn ? qn : qp);
      assertEquals(inside ? dy.get(i) : 0, applied.dx.get(i));
      assertEquals(Math.rint(Math.max(qn, Math.min(qp, v))) * s, applied.y.get(i), 1e-5);
    }
    double n = perSample ? 6 : 24;
    double expected = sum / Math.sqrt(n * qp);
    assertEquals(expected, applied.gradients.of(learned.step()).get(0), 1e-5 * (1 + qp));
  }

  /** Invariant 4. */
  @Property(tries = 40)
  void scalingValuesAndStepsScalesTheOutput(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.1, max = 10) double c) {
    Tensor x = wide(seed, 3, 5);
    LearnedStepSize learned = LearnedStepSize.of(x, 4, 0, false, false);
    Tensor scaled = x.copy();
    for (int i = 0; i < x.count(); i++) {
      scaled.set(i, c * x.get(i));
    }
    Tensor y = apply(x, learned, x).y;
    Tensor scaledY = apply(scaled, LearnedStepSize.of(scaled, 4, 0, false, false), x).y;
    for (int i = 0; i < x.count(); i++) {
      assertEquals(c * y.get(i), scaledY.get(i), 1e-9 * c);
    }
  }

  /** Invariant 5. */
  @Property(tries = 100)
  void packedSignsMultiplyLikeIntegers(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 300) int n) {
    Tensor a = apply(normal(seed, n), new BinaryConnect(false), normal(seed, n)).y;
    Tensor b = apply(normal(seed + 1, n), new BinaryValues(), normal(seed, n)).y;
    assertTrue(Set.of(-1.0, 1.0).containsAll(values(a)));
    assertEquals(dot(a, b), BitVector.of(a).dot(BitVector.of(b)));
  }

  @Test
  void bitVectorsRefuseOtherNumbersAndLengths() {
    assertThrows(IllegalArgumentException.class, () -> BitVector.of(Tensor.zeros(3)));
    BitVector ones = BitVector.of(Tensor.full(DType.F32, Shape.of(3), 1));
    BitVector two = BitVector.of(Tensor.full(DType.F32, Shape.of(2), 1));
    assertThrows(IllegalArgumentException.class, () -> ones.dot(two));
    assertEquals(7, ones.word(0));
  }

  @Test
  void drawnSignsAreRightOnAverageAndOnlyDrawnInTraining() {
    Tensor v = Tensor.full(DType.F32, Shape.of(20_000), 0.5);
    BinaryConnect drawn = new BinaryConnect(true);
    Applied applied = apply(v, drawn, v);
    double mean = Arrays.stream(applied.y.toDoubles()).average().orElseThrow();
    assertEquals(0.5, mean, 0.02);
    assertTrue(v.bitEquals(applied.dx));
    Parameter held = Parameter.trainable("x", v);
    held.attach(drawn);
    assertEquals(Set.of(1.0), values(held.value()));
  }

  @Test
  void signsOfValuesHaveAWindowAndThatOfZeroIsPlus() {
    Tensor x = Tensor.of(Shape.of(6), 0f, -0f, 1f, -1f, 1.01f, -1.01f);
    Tensor dy = Tensor.full(DType.F32, x.shape(), 2);
    for (DType dtype : new DType[] {DType.F32, DType.F64}) {
      Applied applied = apply(x.to(dtype), new BinaryValues(), dy.to(dtype));
      assertTrue(Tensor.of(x.shape(), 1f, 1, 1, -1, 1, -1).bitEquals(applied.y.to(DType.F32)));
      assertTrue(Tensor.of(x.shape(), 2f, 2, 2, 2, 0, 0).bitEquals(applied.dx.to(DType.F32)));
    }
  }

  /** Invariant 6. */
  @Property(tries = 60)
  void noOtherFactorIsNearerToTheFilter(
      @ForAll long seed, @ForAll @DoubleRange(min = 0, max = 3) double other) {
    Tensor w = wide(seed, 1, 3, 3, 2);
    double alpha = ScaledBinaryWeight.factors(w).get(0);
    assertTrue(distance(w, alpha) <= distance(w, other) + 1e-6);
  }

  private static double distance(Tensor w, double alpha) {
    double sum = 0;
    for (double v : w.toDoubles()) {
      sum += (v - alpha * (v >= 0 ? 1 : -1)) * (v - alpha * (v >= 0 ? 1 : -1));
    }
    return sum;
  }

  @Test
  void outsideTheWindowScaledSignsHaveTheTrueDerivativeThroughTheFactor() {
    Tensor w = wide(3, 2, 2, 2, 2);
    for (int i = 0; i < w.count(); i++) {
      w.set(i, w.get(i) + (w.get(i) >= 0 ? 1.1 : -1.1));
    }
    Tensor dy = wide(4, 2, 2, 2, 2);
    Tensor direction = wide(5, 2, 2, 2, 2);
    ScaledBinaryWeight scaled = new ScaledBinaryWeight(false);
    double slope = slope(w, direction, moved -> dot(dy, apply(moved, scaled, dy).y));
    assertEquals(slope, dot(direction, apply(w, scaled, dy).dx), 1e-7);
  }

  @Test
  void centredFiltersHaveNoMeanAndStayInTheWindow() {
    Parameter weight = Parameter.trainable("w", wide(8, 3, 2, 2, 4));
    ScaledBinaryWeight centred = new ScaledBinaryWeight(true);
    weight.attach(centred);
    weight.update(raw -> raw.set(0, 0.7));
    centred.constrain(weight);
    for (double v : weight.raw().toDoubles()) {
      assertTrue(Math.abs(v) <= 1);
    }
    Tensor small = Tensor.of(Shape.of(1, 2), 0.1, 0.5);
    assertEquals(-0.2, centred.assign(small).get(0), 1e-12);
  }

  /** Invariant 7. */
  @Property(tries = 60)
  void ternaryWeightsHaveThreeValuesAndThresholdZeroKeepsAll(
      @ForAll long seed, @ForAll boolean perFilter) {
    Tensor w = normal(seed, 3, 8);
    w.set(5, 0);
    for (Parametrization p :
        new Parametrization[] {new TernaryWeight(0.7, false), new TrainedTernary(0.05)}) {
      assertTrue(values(apply(w, p, w).y).size() <= 3);
    }
    Tensor codes = new TernaryWeight(0, perFilter).ternary(w).codes();
    Tensor trained = apply(w, new TrainedTernary(0), w).y;
    for (int i = 0; i < w.count(); i++) {
      assertEquals(Math.signum(w.get(i)), codes.get(i));
      assertEquals(Math.signum(w.get(i)), trained.get(i));
    }
  }

  @Test
  void ternaryWeightsWithNothingToKeepAreZero() {
    Tensor zeros = Tensor.zeros(2, 3);
    assertEquals(Set.of(0.0), values(apply(zeros, new TernaryWeight(0.7, true), zeros).y));
    Tensor ones = Tensor.full(DType.F32, Shape.of(2, 3), 1);
    assertEquals(Set.of(0.0), values(apply(ones, new TernaryWeight(1, true), ones).y));
    assertTrue(ones.bitEquals(apply(ones, new TernaryWeight(1, true), ones).dx));
  }

  @Test
  void trainedTernaryValuesHaveTheTrueDerivative() {
    Tensor w = wide(3, 4, 5);
    Tensor dy = wide(4, 4, 5);
    TrainedTernary trained = new TrainedTernary(0.3, 0.8, 1.3, DType.F64);
    Applied applied = apply(w, trained, dy);
    double delta = trained.threshold(w);
    for (int i = 0; i < w.count(); i++) {
      double factor = w.get(i) > delta ? 0.8 : w.get(i) < -delta ? 1.3 : 1;
      assertEquals(factor * dy.get(i), applied.dx.get(i), 1e-12);
    }
    for (boolean positive : new boolean[] {true, false}) {
      Tensor at = Tensor.of(Shape.of(1), positive ? 0.8 : 1.3);
      double slope =
          slope(
              at,
              Tensor.of(Shape.of(1), 1.0),
              moved -> {
                double p = positive ? moved.get(0) : 0.8;
                double n = positive ? 1.3 : moved.get(0);
                return dot(dy, apply(w, new TrainedTernary(0.3, p, n, DType.F64), dy).y);
              });
      Parameter own = positive ? trained.positive() : trained.negative();
      assertEquals(slope, applied.gradients.of(own).get(0), 1e-7);
    }
  }

  /** Invariant 8. */
  @Property(tries = 60)
  void dorefaWeightsAndValuesAreLevels(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 8) int bits) {
    Tensor x = normal(seed, 5, 7);
    Tensor w = apply(x, new DoReFaWeight(bits, false), x).y;
    double most = Arrays.stream(w.toDoubles()).map(Math::abs).max().orElseThrow();
    if (bits == 1) {
      double mean = Arrays.stream(x.toDoubles()).map(Math::abs).average().orElseThrow();
      assertEquals(mean, most, 1e-6);
      assertTrue(values(w).size() <= 2);
    } else {
      assertEquals(1, most);
    }
    Tensor y = apply(x, new DoReFaValues(bits), x).y;
    assertTrue(values(y).size() <= 1 << bits);
    for (double v : y.toDoubles()) {
      assertTrue(v >= 0 && v <= 1);
    }
  }

  @Test
  void dorefaGradientsAreThoseOfTheSmoothMap() {
    Tensor w = wide(3, 4, 5);
    Tensor dy = wide(4, 4, 5);
    Tensor direction = wide(5, 4, 5);
    double slope = slope(w, direction, moved -> dot(dy, smooth(moved)));
    assertEquals(slope, dot(direction, apply(w, new DoReFaWeight(3, false), dy).dx), 1e-7);
    Tensor zeros = Tensor.zeros(DType.F64, w.shape());
    Applied ofZeros = apply(zeros, new DoReFaWeight(3, false), dy);
    assertEquals(Set.of(0.0), values(ofZeros.y));
    assertTrue(dy.bitEquals(ofZeros.dx));
  }

  private static Tensor smooth(Tensor w) {
    double most = Arrays.stream(w.toDoubles()).map(v -> Math.abs(Math.tanh(v))).max().orElseThrow();
    Tensor y = Tensor.zeros(DType.F64, w.shape());
    for (int i = 0; i < w.count(); i++) {
      y.set(i, Math.tanh(w.get(i)) / most);
    }
    return y;
  }

  @Test
  void dorefaRoundsGradientsOfEachSampleWithoutBias() {
    Tensor g = normal(4, 2, 4000);
    Tensor rounded = DoReFaGradient.round(g, 2, i -> 0);
    for (int n = 0; n < 2; n++) {
      Tensor sample = Tensor.zeros(4000);
      double most = 0;
      for (int i = 0; i < 4000; i++) {
        sample.set(i, rounded.get(4000 * n + i));
        most = Math.max(most, Math.abs(g.get(4000 * n + i)));
      }
      assertTrue(values(sample).size() <= 4);
      assertEquals(most, values(sample).stream().mapToDouble(Math::abs).max().orElseThrow(), 1e-6);
    }
    Tensor one = Tensor.full(DType.F32, Shape.of(1, 20_001), 0.3);
    one.set(20_000, 1);
    Random random = Random.of(7);
    Tensor drawn = DoReFaGradient.round(one, 2, i -> random.uniform(i) - 0.5);
    assertEquals(0.3, Arrays.stream(drawn.toDoubles()).average().orElseThrow(), 0.02);
    assertEquals(Set.of(0.0), values(DoReFaGradient.round(Tensor.zeros(2, 3), 2, i -> 0)));
  }

  @Test
  void bitsOutsideTheirBoundsAreRefused() {
    Tensor x = Tensor.zeros(3);
    for (int bits : new int[] {1, 9}) {
      assertThrows(
          IllegalArgumentException.class, () -> LearnedStepSize.of(x, bits, -1, false, false));
    }
    for (int bits : new int[] {0, 17}) {
      assertThrows(IllegalArgumentException.class, () -> new DoReFaWeight(bits, false));
      assertThrows(IllegalArgumentException.class, () -> new DoReFaValues(bits));
      assertThrows(IllegalArgumentException.class, () -> new DoReFaGradient(bits));
    }
    assertThrows(IllegalArgumentException.class, () -> new TernaryWeight(-1, false));
    assertThrows(IllegalArgumentException.class, () -> new TrainedTernary(1));
  }
}
