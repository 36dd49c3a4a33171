package org.espalier.nn.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.LossReduction;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Values;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class LossTest {
  private static Tensor value(Loss loss, Tensor output, Tensor target) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return loss.of(pass, pass.input(output), target).value().copy();
    }
  }

  private static double item(Loss loss, Tensor output, Tensor target) {
    return value(loss, output, target).item();
  }

  @Property(tries = 20)
  void smoothingLeavesTheLossOfUniformLogitsAtTheLogarithmOfTheClasses(
      @ForAll @DoubleRange(min = 0, max = 1) double smoothing,
      @ForAll @DoubleRange(min = -5, max = 5) double logit) {
    Tensor logits = Tensor.full(DType.F32, Shape.of(3, 7), logit);
    Tensor target = Tensor.indices(0, 6, 3);
    assertEquals(Math.log(7), item(new CrossEntropy(smoothing), logits, target), 1e-5);
  }

  @Property(tries = 20)
  void binaryCrossEntropyIsSymmetricInSignAndTarget(@ForAll long seed) {
    Tensor x = Values.normal(seed, 4, 3);
    Tensor t = Tensor.zeros(4, 3);
    Tensor minus = x.copy();
    Tensor other = t.copy();
    for (int i = 0; i < x.count(); i++) {
      t.set(i, Random.of(seed).uniform(i));
      other.set(i, 1 - t.get(i));
      minus.set(i, -x.get(i));
    }
    assertEquals(item(new BceWithLogits(), x, t), item(new BceWithLogits(), minus, other), 1e-5);
  }

  @Property(tries = 20)
  void softTargetsThatAreOneHotGiveTheCrossEntropyOfClasses(@ForAll long seed) {
    Tensor x = Values.normal(seed, 3, 4);
    Tensor soft = Tensor.of(Shape.of(3, 4), 0f, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0);
    double hard = item(new CrossEntropy(), x, Tensor.indices(1, 3, 0));
    assertEquals(hard, item(new SoftCrossEntropy(), x, soft), 1e-5);
  }

  @Test
  void differencesAreMeasuredAsTheirNamesSay() {
    Tensor x = Tensor.of(Shape.of(2, 2), 1f, 2, 3, 4);
    Tensor t = Tensor.of(Shape.of(2, 2), 1f, 0, 3.5f, 8);
    assertEquals((4 + 0.25 + 16) / 4, item(new Mse(), x, t), 1e-6);
    assertEquals(20.25, item(new Mse(LossReduction.SUM), x, t), 1e-6);
    assertEquals((2 + 0.5 + 4) / 4, item(new L1(), x, t), 1e-6);
    assertEquals((1.5 + 0.125 + 3.5) / 4, item(new SmoothL1(), x, t), 1e-6);
    assertEquals(Shape.of(2, 2), value(new L1(LossReduction.NONE), x, t).shape());
  }

  @Test
  void divergencesVanishForEqualDistributions() {
    Tensor p = Tensor.of(Shape.of(1, 2), 0.25f, 0.75f);
    Tensor log = Tensor.of(Shape.of(1, 2), (float) Math.log(0.25), (float) Math.log(0.75));
    assertEquals(0, item(new KlDiv(), log, p), 1e-6);
    assertEquals(0, item(new KlDiv(true, LossReduction.BATCH_MEAN), log, log), 1e-6);
    assertEquals(-Math.log(0.75), item(new Nll(), log, Tensor.indices(1)), 1e-6);
  }

  @Test
  void weightsAndIgnoredTargetsCountAsStated() {
    Tensor x = Tensor.zeros(3, 2);
    Tensor weights = Tensor.of(Shape.of(2), 1f, 3);
    CrossEntropy sum = new CrossEntropy(weights, -1, 0, LossReduction.SUM);
    assertEquals(4 * Math.log(2), item(sum, x, Tensor.indices(0, 1, -1)), 1e-5);
  }

  @Test
  void penaltyAddsMagnitudesAndItsGradientIsTheirSign() {
    Module model = new Linear(2, 2).initialize(1);
    model.parameter("weight").set(Tensor.of(Shape.of(2, 2), 1f, -2, 0, 4));
    Penalty penalty = Penalty.l1(0.5, parameter -> parameter.name().endsWith("weight"));
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var term = penalty.of(pass, model);
      assertEquals(3.5, term.value().item(), 1e-6);
      Gradients gradients = Walk.gradient(term);
      Values.assertSame(
          Tensor.of(Shape.of(2, 2), 0.5f, -0.5f, 0, 0.5f), gradients.of(model.parameter("weight")));
      assertEquals(null, gradients.of(model.parameter("bias")));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> Penalty.l1(1, parameter -> false).of(Pass.study(), model));
  }

  @Test
  void refusesOptionsOutsideTheirRanges() {
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(1.5));
    assertThrows(IllegalArgumentException.class, () -> new CrossEntropy(Double.NaN));
    assertThrows(
        IllegalArgumentException.class, () -> new SoftCrossEntropy(null, -0.1, LossReduction.MEAN));
    assertThrows(IllegalArgumentException.class, () -> new SmoothL1(0, LossReduction.MEAN));
    assertThrows(IllegalArgumentException.class, () -> Penalty.l1(-1, parameter -> true));
    assertThrows(
        IllegalArgumentException.class,
        () -> item(new CrossEntropy(), Values.normal(1, 2, 3), Tensor.indices(0, 3)));
  }
}
