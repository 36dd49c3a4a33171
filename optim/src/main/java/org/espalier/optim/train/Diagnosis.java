package org.espalier.optim.train;

import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.espalier.autograd.Call;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Leaf;
import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.Loss;
import org.espalier.optim.Step;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Finds where a NaN or an infinity came from: the batch, a parameter, or the first operation whose
 * output shows one when the same batch runs again with every value kept.
 */
final class Diagnosis {
  private static final String WAY_OUT =
      "; lower the learning rate or clip the gradients, and resume from the last snapshot";

  private final Module model;
  private final Batch batch;
  private final Supplier<Pass> again;
  private final BiConsumer<Pass, Var> loss;

  private Diagnosis(Module model, Batch batch, Supplier<Pass> again, BiConsumer<Pass, Var> loss) {
    this.model = model;
    this.batch = batch;
    this.again = again;
    this.loss = loss;
  }

  /** Explains a loss of training; the random source is that of the pass that made it. */
  static DivergedException ofLoss(
      double value, int epoch, int number, Trainer trainer, Batch batch, Random random) {
    Diagnosis diagnosis =
        new Diagnosis(
            trainer.model,
            batch,
            () -> {
              Pass pass = Pass.train(Workspace.heap(), random);
              trainer.task.begin(pass);
              return pass;
            },
            (pass, output) -> trainer.loss(pass, output, batch));
    return new DivergedException(
        "train: the loss became %s in epoch %d, batch %d: %s"
            .formatted(value, epoch, number, diagnosis.origin("since the step before")));
  }

  /** Explains a loss of an evaluation. */
  static DivergedException ofEvaluation(double value, Module model, Loss loss, Batch batch) {
    Diagnosis diagnosis =
        new Diagnosis(
            model, batch, Pass::study, (pass, output) -> loss.of(pass, output, batch.y()));
    return new DivergedException(
        "evaluate: the loss of a batch is %s: %s".formatted(value, diagnosis.origin("already")));
  }

  /** Refuses to go on with a model that the last step of an epoch broke. */
  static void checkFinite(Module model, int epoch) {
    String broken = nonFiniteParameter(model);
    if (broken != null) {
      throw new DivergedException(
          "train: %s is not finite after the last step of epoch %d%s"
              .formatted(broken, epoch, WAY_OUT));
    }
  }

  private String origin(String since) {
    if (!isFinite(batch.x())) {
      return "the inputs of the batch hold it already; check the data";
    }
    if (!isFinite(batch.y())) {
      return "the targets of the batch hold it already; check the data";
    }
    String parameter = nonFiniteParameter(model);
    return parameter != null
        ? parameter + " holds it " + since + WAY_OUT
        : "it first appears in " + firstCall() + WAY_OUT;
  }

  private String firstCall() {
    try (Pass pass = again.get()) {
      loss.accept(pass, model.apply(pass, pass.input(batch.x())));
      Call call = pass.tape().firstNonFinite();
      if (call == null) {
        return "no recorded operation";
      }
      return "%s (%s)"
          .formatted(call.scope().isEmpty() ? "the loss" : call.scope(), call.op().name());
    }
  }

  /** Returns the path of the first parameter or buffer that holds NaN or infinity, or null. */
  static String nonFiniteParameter(Module model) {
    for (Map.Entry<String, Parameter> entry : model.state().entrySet()) {
      if (entry.getValue().isInitialized() && !isFinite(entry.getValue().raw())) {
        return entry.getKey();
      }
    }
    return null;
  }

  static DivergedException ofGradients(Gradients gradients, Step step) {
    String name = "a parameter";
    for (Map.Entry<Leaf, Tensor> entry : gradients.byLeaf().entrySet()) {
      if (!isFinite(entry.getValue())) {
        name = entry.getKey().name();
        break;
      }
    }
    return new DivergedException(
        "train: the gradient of %s is not finite in epoch %d, step %d%s"
            .formatted(name, step.epoch(), step.index(), WAY_OUT));
  }

  private static boolean isFinite(Tensor tensor) {
    if (!tensor.dtype().isFloating()) {
      return true;
    }
    for (int i = 0; i < tensor.count(); i++) {
      if (!Double.isFinite(tensor.get(i))) {
        return false;
      }
    }
    return true;
  }
}
