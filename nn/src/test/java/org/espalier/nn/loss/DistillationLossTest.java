package org.espalier.nn.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Pass;
import org.espalier.nn.Values;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class DistillationLossTest {
  private static final Tensor TARGETS = Tensor.indices(0, 3, 1);

  private static double[] gradient(DistillationLoss loss, Tensor student, Tensor teacher) {
    try (Pass pass = Pass.study()) {
      Var x = pass.inputWithGradient(student);
      pass.tape().watch((Object) "x", x);
      return Walk.gradient(loss.of(pass, x, teacher, TARGETS)).of(x).toDoubles();
    }
  }

  private static double value(DistillationLoss loss, Tensor student, Tensor teacher) {
    try (Pass pass = Pass.study()) {
      return loss.of(pass, pass.input(student), teacher, TARGETS).value().item();
    }
  }

  private static double[] softmax(Tensor logits, int row, double temperature) {
    int classes = logits.shape().size(1);
    double[] p = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      p[c] = Math.exp(logits.get(row * classes + c) / temperature);
      sum += p[c];
    }
    for (int c = 0; c < classes; c++) {
      p[c] /= sum;
    }
    return p;
  }

  private static Tensor logits(long seed) {
    return Values.normal(seed, 3, 5).to(DType.F64);
  }

  @Property(tries = 20)
  void isTheMixtureOfBothTermsAndItsSoftGradientIsThatOfTheSheet(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0.5, max = 10) double temperature,
      @ForAll @DoubleRange(min = 0, max = 1) double alpha) {
    Tensor student = logits(seed);
    Tensor teacher = logits(seed + 1);
    double hard = 0;
    double divergence = 0;
    double[] soft = gradient(new DistillationLoss(temperature, 1), student, teacher);
    for (int row = 0; row < 3; row++) {
      hard -= Math.log(softmax(student, row, 1)[(int) TARGETS.get(row)]) / 3;
      double[] p = softmax(teacher, row, temperature);
      double[] q = softmax(student, row, temperature);
      for (int c = 0; c < 5; c++) {
        divergence += p[c] * Math.log(p[c] / q[c]) / 3;
        assertEquals(temperature * (q[c] - p[c]) / 3, soft[row * 5 + c], 1e-9);
      }
    }
    double expected = (1 - alpha) * hard + alpha * temperature * temperature * divergence;
    DistillationLoss loss = new DistillationLoss(temperature, alpha);
    assertEquals(expected, value(loss, student, teacher), 1e-9);
  }

  @Property(tries = 10)
  void equalLogitsGiveNoDivergenceAndNoGradient(
      @ForAll long seed, @ForAll @DoubleRange(min = 0.5, max = 10) double temperature) {
    Tensor logits = logits(seed);
    DistillationLoss soft = new DistillationLoss(temperature, 1);
    assertEquals(0, value(soft, logits, logits), 1e-12);
    for (double g : gradient(soft, logits, logits)) {
      assertEquals(0, g, 1e-12);
    }
  }

  @Property(tries = 20)
  void theSquaredTemperatureKeepsTheSizeOfTheGradientOnSmallLogits(
      @ForAll long seed, @ForAll @DoubleRange(min = 1, max = 10) double temperature) {
    Tensor student = logits(seed);
    Tensor teacher = logits(seed + 1);
    for (int i = 0; i < student.count(); i++) {
      student.set(i, 0.1 * Math.tanh(student.get(i)));
      teacher.set(i, 0.1 * Math.tanh(teacher.get(i)));
    }
    double one = norm(gradient(new DistillationLoss(1, 1), student, teacher));
    double other = norm(gradient(new DistillationLoss(temperature, 1), student, teacher));
    assertTrue(other < 2 * one && other > one / 2, one + " " + other);
  }

  private static double norm(double... values) {
    double sum = 0;
    for (double value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void theEndsOfTheMixtureAreTheSingleLosses() {
    Tensor student = logits(1);
    try (Pass pass = Pass.study()) {
      double hard = new CrossEntropy().of(pass, pass.input(student), TARGETS).value().item();
      assertEquals(hard, value(new DistillationLoss(4, 0), student, logits(2)), 0);
      // Without a share of their own the targets are not looked at.
      new DistillationLoss(4, 1).of(pass, pass.input(student), logits(2), null);
    }
    assertEquals(new DistillationLoss(4, 0.9), new DistillationLoss());
  }

  @Test
  void refusesBadOptionsAndOtherClasses() {
    assertThrows(IllegalArgumentException.class, () -> new DistillationLoss(0, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new DistillationLoss(-1, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new DistillationLoss(Double.NaN, 0.5));
    assertThrows(IllegalArgumentException.class, () -> new DistillationLoss(4, 1.5));
    assertThrows(IllegalArgumentException.class, () -> new DistillationLoss(4, -0.1));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> value(new DistillationLoss(), logits(1), Tensor.zeros(3, 6)));
    assertTrue(e.getMessage().contains("[3, 5]") && e.getMessage().contains("[3, 6]"));
  }
}
