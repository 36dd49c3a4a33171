package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Mse;
import org.espalier.nn.metric.FBeta;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
  /** Gives the same batches in every epoch. */
  private record Fixed(List<Batch> list) implements Batches {
    @Override
    public int count() {
      return list.size();
    }

    @Override
    public int samples() {
      return list.stream().mapToInt(Batch::size).sum();
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      return list.subList(firstStep, list.size()).iterator();
    }
  }

  private static final Batches LOGITS =
      new Fixed(
          List.of(
              new Batch(Tensor.of(Shape.of(2, 3), 3f, 1, 2, 0, 5, 1), Tensor.of(Shape.of(2), 0, 2)),
              new Batch(Tensor.of(Shape.of(1, 3), 1f, 1, 0), Tensor.of(Shape.of(1), 1))));

  @Test
  void answersAreCountedByClass() {
    Evaluation evaluation = new Evaluator(new CrossEntropy(), 2).evaluate(new Identity(), LOGITS);
    assertEquals(3, evaluation.samples());
    assertEquals(1.0 / 3, evaluation.accuracy());
    assertEquals(1, evaluation.topK());
    assertArrayEquals(new long[][] {{1, 0, 0}, {1, 0, 0}, {0, 1, 0}}, evaluation.confusion());
  }

  @Test
  void theLossIsTheMeanOverSamples() {
    Evaluation evaluation = new Evaluator(new CrossEntropy()).evaluate(new Identity(), LOGITS);
    double first = Math.log(Math.exp(3) + Math.exp(1) + Math.exp(2)) - 3;
    double second = Math.log(1 + Math.exp(5) + Math.exp(1)) - 1;
    double third = Math.log(2 * Math.E + 1) - 1;
    assertEquals((first + second + third) / 3, evaluation.loss(), 1e-6);
  }

  @Test
  void valuesHaveALossOnly() {
    Batches values =
        new Fixed(
            List.of(new Batch(Tensor.of(Shape.of(2, 1), 1f, 2), Tensor.of(Shape.of(2, 1), 0f, 0))));
    Evaluation evaluation = new Evaluator(new Mse()).evaluate(new Identity(), values);
    assertEquals(2.5, evaluation.loss(), 1e-6);
    assertTrue(Double.isNaN(evaluation.accuracy()) && Double.isNaN(evaluation.topK()));
    assertEquals(0, evaluation.confusion().length);
  }

  @Test
  void furtherMetricsAreMeasuredAndForgottenInBetween() {
    Batches labels =
        new Fixed(
            List.of(
                new Batch(
                    Tensor.of(Shape.of(2, 2), 1f, -1, 2, 3),
                    Tensor.of(Shape.of(2, 2), 1f, 0, 1, 0))));
    FBeta metric = new FBeta(1, 0, FBeta.Average.MICRO);
    Evaluator evaluator = new Evaluator(new Mse(), metric);
    for (int i = 0; i < 2; i++) {
      Evaluation evaluation = evaluator.evaluate(new Identity(), labels);
      assertEquals(Map.of("f1", 0.8), evaluation.metrics());
    }
    assertEquals(
        0.8, Validation.on(labels, new Mse(), metric).measure(new Identity()).get("val_f1"));
  }

  @Test
  void theModelIsNotModified() {
    Module model = Toys.convNet().initialize(1);
    Module twin = Toys.convNet().initialize(1);
    new Evaluator(new CrossEntropy()).evaluate(model, Toys.pictures(12, 5));
    TrainerTest.assertSameState(twin, model);
  }

  @Test
  void aKBelowOneIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Evaluator(new CrossEntropy(), 0));
  }
}
