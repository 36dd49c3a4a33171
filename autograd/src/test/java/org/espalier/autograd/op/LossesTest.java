package org.espalier.autograd.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class LossesTest {
  private static Var of(Shape shape, double... values) {
    return Var.constant(Tensor.of(shape, values));
  }

  private static double item(Var loss) {
    return loss.value().item();
  }

  @Property(tries = 50)
  void crossEntropyOfUniformLogitsIsTheLogarithmOfTheClasses(
      @ForAll @DoubleRange(min = 0, max = 1) double smoothing,
      @ForAll @IntRange(min = 1, max = 20) int classes) {
    Var logits = Var.constant(Tensor.full(DType.F64, Shape.of(2, classes), 3));
    Var targets = Var.constant(Tensor.indices(0, classes - 1));
    Var loss = Losses.crossEntropy(logits, targets, null, -100, smoothing, LossReduction.MEAN);
    assertEquals(Math.log(classes), item(loss), 1e-12);
  }

  @Property(tries = 50)
  void binaryCrossEntropyIsSymmetric(
      @ForAll @DoubleRange(min = -50, max = 50) double x,
      @ForAll @DoubleRange(min = 0, max = 1) double t) {
    Shape one = Shape.of(1);
    double loss = item(bce(of(one, x), of(one, t)));
    double mirrored = item(bce(of(one, -x), of(one, 1 - t)));
    assertEquals(loss, mirrored, 1e-12 * Math.max(1, loss));
  }

  private static Var bce(Var x, Var t) {
    return Losses.bceWithLogits(x, t, null, null, LossReduction.MEAN);
  }

  @Test
  void extremeLogitsGiveFiniteLossesAndGradients() {
    try (Tape tape = Tape.open(Mode.TRAIN, new Workspace())) {
      Var x = tape.input(Tensor.of(Shape.of(1, 3), 800f, -800f, 0f), true);
      Var t = tape.constant(Tensor.of(Shape.of(1, 3), 0f, 1f, 0.5f));
      Var loss = Losses.bceWithLogits(x, t, null, null, LossReduction.SUM);
      assertEquals(1600.693, item(loss), 1e-2);
      Gradients gradients = Walk.gradient(loss);
      assertEquals(1, gradients.of(x).get(0));
      assertEquals(-1, gradients.of(x).get(1));
      Var hard = Losses.crossEntropy(x, tape.constant(Tensor.indices(1)));
      assertEquals(1600, item(hard), 1e-3);
    }
  }

  @Test
  void smoothingOfSoftTargetsEqualsSmoothingOfClasses() {
    Var logits = of(Shape.of(2, 3), 1, -2, 0.5, 0.3, 0.1, 2);
    Var classes = Var.constant(Tensor.indices(2, 0));
    Var soft = of(Shape.of(2, 3), 0, 0, 1, 1, 0, 0);
    double hard = item(Losses.crossEntropy(logits, classes, null, -100, 0.3, LossReduction.MEAN));
    double smooth = item(Losses.softCrossEntropy(logits, soft, null, 0.3, LossReduction.MEAN));
    assertEquals(hard, smooth, 1e-12);
    Var weights = of(Shape.of(3), 2, 1, 0.5);
    double weighted = item(Losses.softCrossEntropy(logits, soft, weights, 0, LossReduction.SUM));
    assertEquals(
        item(Losses.crossEntropy(logits, classes, weights, -100, 0, LossReduction.SUM)),
        weighted,
        1e-12);
  }

  @Test
  void ignoredTargetsCountNeitherInTheSumNorInTheMean() {
    Var logits = of(Shape.of(3, 2), 1, 2, 5, 1, 0, 3);
    Var some = Var.constant(Tensor.indices(1, -100, 0));
    Var kept = of(Shape.of(2, 2), 1, 2, 0, 3);
    double expected = item(Losses.crossEntropy(kept, Var.constant(Tensor.indices(1, 0))));
    assertEquals(expected, item(Losses.crossEntropy(logits, some)), 1e-12);
    Var each = Losses.crossEntropy(logits, some, null, -100, 0, LossReduction.NONE);
    assertEquals(0, each.value().get(1));
    Var none = Var.constant(Tensor.indices(-100, -100, -100));
    assertEquals(0, item(Losses.crossEntropy(logits, none, null, -100, 0, LossReduction.SUM)));
  }

  @Test
  void divergenceReductionsDifferByTheirDivisors() {
    Var q = Ops.logSoftmax(of(Shape.of(2, 3), 1, 2, 3, 0, 0, 1), -1);
    Var p = of(Shape.of(2, 3), 0.2, 0, 0.8, 0.5, 0.25, 0.25);
    double sum = item(Losses.klDiv(q, p, false, LossReduction.SUM));
    assertTrue(Double.isFinite(sum) && sum > 0);
    assertEquals(sum / 2, item(Losses.klDiv(q, p, false, LossReduction.BATCH_MEAN)), 1e-12);
    assertEquals(sum / 6, item(Losses.klDiv(q, p, false, LossReduction.MEAN)), 1e-12);
    assertEquals(Shape.of(2, 3), Losses.klDiv(q, p, false, LossReduction.NONE).shape());
    assertEquals(0, item(Losses.klDiv(q, q, true, LossReduction.SUM)), 1e-12);
  }

  @Test
  void distillationOfEqualLogitsIsZero() {
    Var logits = of(Shape.of(2, 3), 1, -2, 0.5, 0.3, 0.1, 2);
    assertEquals(0, item(Losses.distillation(logits, logits, 4)), 1e-12);
  }

  @Test
  void smoothL1IsQuadraticNearZeroAndLinearBeyond() {
    Var d = of(Shape.of(3), 0.5, -2, 0);
    Var zero = of(Shape.of(3), 0, 0, 0);
    Var loss = Losses.smoothL1(d, zero, 2, LossReduction.NONE);
    assertEquals(0.0625, loss.value().get(0), 1e-12);
    assertEquals(1, loss.value().get(1), 1e-12);
    Var huber = Losses.huber(d, zero, 2, LossReduction.SUM);
    assertEquals(0.125 + 2, item(huber), 1e-12);
    assertEquals(2.5, item(Losses.smoothL1(d, zero, 0, LossReduction.SUM)), 1e-12, "beta 0 is l1");
    assertEquals(2.5, item(Losses.l1(d, zero, LossReduction.SUM)), 1e-12);
    assertEquals(4.25 / 3, item(Losses.mse(d, zero, LossReduction.MEAN)), 1e-12);
    assertEquals(2.5, item(Losses.l1Penalty(d)), 1e-12);
  }
}
