package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.tensor.StateException;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;

class DivergenceTest {
  private static final String WAY_OUT =
      "; lower the learning rate or clip the gradients, and resume from the last snapshot";

  /** Computes ln(-x²): no number. */
  private static final class Breaker extends Module {
    @Override
    protected Var forward(Pass pass, Var x) {
      return Ops.pointwise(Unary.LOG, 0, 0, Ops.affine(Ops.mul(x, x), -1, -1));
    }

    @Override
    protected Spec describe() {
      return Spec.of("breaker");
    }
  }

  private static String messageOf(Trainer.Builder builder) {
    return assertThrows(DivergedException.class, () -> builder.build().run()).getMessage();
  }

  private static Trainer.Builder builder(Module model, double rate) {
    return Trainer.builder(model, new CrossEntropy(), Sgd.builder().rate(rate).build(), Toys.xor());
  }

  @Test
  void theFirstScopeIsNamed() {
    Module model =
        Sequential.builder()
            .add("good", new Linear(2, 3))
            .add("bad", new Breaker())
            .add("head", new Linear(3, 2))
            .build();
    assertEquals(
        "train: the loss became NaN in epoch 0, batch 0: it first appears in bad (log)" + WAY_OUT,
        messageOf(builder(model, 0.1)));
  }

  @Test
  void aParameterThatBrokeIsNamed() {
    Module model = Toys.perceptron(2, 3, 2);
    Trainer.Builder two =
        Trainer.builder(
            model, new CrossEntropy(), Sgd.builder().rate(0.1).build(), Toys.spirals(8, 4));
    assertEquals(
        "train: the loss became NaN in epoch 0, batch 1: head.bias holds it since the step before"
            + WAY_OUT,
        messageOf(two.callback(new Vandal(model))));
  }

  @Test
  void aParameterThatTheLastStepBrokeIsNamedBeforeAnybodyLooksAtTheModel() {
    Module model = Toys.perceptron(2, 3, 2);
    Callback pruner =
        new Callback() {
          @Override
          public String name() {
            return "pruner";
          }

          @Override
          public void epochDone(Epoch epoch) {
            throw new IllegalArgumentException("it was shown a broken model");
          }
        };
    assertEquals(
        "train: head.bias is not finite after the last step of epoch 0" + WAY_OUT,
        messageOf(
            builder(model, 0.1)
                .validation(Toys.xor())
                .callback(new Vandal(model))
                .callback(pruner)));
  }

  @Test
  void aLossThatIsNoNumberInValidationNamesItsScope() {
    Module model =
        Sequential.builder()
            .add("good", new Linear(2, 3))
            .add("bad", new Breaker())
            .add("head", new Linear(3, 2))
            .build();
    String message =
        assertThrows(
                DivergedException.class,
                () -> new Evaluator(new CrossEntropy()).evaluate(model, Toys.xor()))
            .getMessage();
    assertEquals(
        "evaluate: the loss of a batch is NaN: it first appears in bad (log)" + WAY_OUT, message);
  }

  @Test
  void anExplodedRunLeavesASnapshotThatIsFinite() {
    Toys.MemoryStore store = new Toys.MemoryStore();
    messageOf(builder(Toys.perceptron(2, 3, 2), 1e38).epochs(50).store(store));
    assertNull(Diagnosis.nonFiniteParameter(store.load("last").build()));
  }

  @Test
  void badDataIsNamed() {
    Toys.Samples xor = Toys.xor();
    xor.x()[2][0] = Float.NaN;
    Trainer.Builder builder =
        Trainer.builder(Toys.perceptron(2, 3, 2), new CrossEntropy(), Sgd.builder().build(), xor);
    assertEquals(
        "train: the loss became NaN in epoch 0, batch 0: the inputs of the batch hold it already; check the data",
        messageOf(builder));
  }

  /** Breaks the gradient of one parameter. */
  private record Vandal(Module model) implements Callback {
    @Override
    public String name() {
      return "vandal";
    }

    @Override
    public void backwardDone(Step step) {
      step.gradients().of(model.parameter("head.bias")).fill(Double.NaN);
    }
  }

  @Test
  void aGradientThatIsNotFiniteIsNamedWhenItIsMeasured() {
    Module model = Toys.perceptron(2, 3, 2);
    assertEquals(
        "train: the gradient of head.bias is not finite in epoch 0, step 0" + WAY_OUT,
        messageOf(builder(model, 0.1).callback(new Vandal(model)).clipNorm(1)));
  }

  @Test
  void aModelThatIsNotFiniteIsNotSaved() {
    Module model = Toys.perceptron(2, 3, 2);
    Toys.MemoryStore store = new Toys.MemoryStore();
    String message = messageOf(builder(model, 0.1).callback(new Vandal(model)).store(store));
    assertTrue(message.startsWith("train: head.bias is not finite after the last step"), message);
    assertFalse(store.has("last") || store.has("best"));
  }

  @Test
  void runningOutOfMemoryNamesTheBatchSize() {
    Loss greedy =
        (pass, output, target) -> {
          throw new OutOfMemoryError("test");
        };
    Trainer trainer =
        Trainer.builder(Toys.perceptron(2, 3, 2), greedy, Sgd.builder().build(), Toys.xor())
            .build();
    String message = assertThrows(StateException.class, trainer::run).getMessage();
    assertTrue(message.startsWith("train: out of memory at batch size 4, with at most "), message);
    assertTrue(message.contains("smaller batch size"), message);
  }
}
