package org.espalier.optim.train;

import java.util.Iterator;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Batch;
import org.espalier.nn.Pass;
import org.espalier.optim.Clipping;
import org.espalier.optim.Rate;
import org.espalier.optim.Step;
import org.espalier.tensor.Random;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Takes one step: forward, backward, callbacks, clipping, optimizer; over micro-batches if asked.
 */
final class Stepper {
  private final Trainer trainer;
  private final Random random;
  private final Workspace workspace = new Workspace();
  private int largestBatch;

  Stepper(Trainer trainer) {
    this.trainer = trainer;
    this.random = Random.of(trainer.seed);
  }

  /** Returns the number of samples the step saw. */
  int step(Iterator<Batch> batches, int epoch, int index, Rate rate, Tally tally) {
    int first = index * trainer.accumulate;
    int count = Math.min(trainer.accumulate, trainer.train.count() - first);
    try {
      return count == 1
          ? whole(batches.next(), epoch, index, rate, tally)
          : accumulated(batches, count, epoch, index, rate, tally);
    } catch (OutOfMemoryError full) {
      workspace.trim();
      StateException named =
          new StateException(
              "train: out of memory at batch size %d, with at most %d MB for Java; use a smaller batch size, accumulate(k) over k smaller batches, or more memory (-Xmx)"
                  .formatted(largestBatch, Runtime.getRuntime().maxMemory() >> 20));
      named.initCause(full);
      throw named;
    }
  }

  private int whole(Batch batch, int epoch, int index, Rate rate, Tally tally) {
    try (Pass pass = open(batch, epoch, index * trainer.accumulate)) {
      Var loss = loss(pass, batch, epoch, index * trainer.accumulate, tally);
      finish(new Step(pass.tape(), Walk.gradient(loss), batch, rate, epoch, index));
      return batch.size();
    }
  }

  /**
   * Adds up the gradients of some batches, each with its share of the samples: the gradient of
   * their common mean.
   */
  private int accumulated(
      Iterator<Batch> batches, int count, int epoch, int index, Rate rate, Tally tally) {
    Gradients sum = null;
    int seen = 0;
    int expected = 0;
    for (int k = 0; k < count; k++) {
      Batch batch = batches.next();
      int number = index * trainer.accumulate + k;
      expected = k == 0 ? samples(batch.size(), number, count) : expected;
      seen += batch.size();
      try (Pass pass = open(batch, epoch, number)) {
        Var loss = loss(pass, batch, epoch, number, tally);
        double share = (double) batch.size() / expected;
        Tensor seed = Tensor.full(loss.dtype(), loss.shape(), share);
        Gradients part = Walk.run(loss, seed, Rule.GRADIENT);
        sum = sum == null ? part.copy() : sum.plus(part);
        if (k == count - 1) {
          requireEqualSizes(seen, expected);
          finish(new Step(pass.tape(), sum, batch, rate, epoch, index));
        }
      }
    }
    return seen;
  }

  /** Returns the samples of some batches: all are as large as the first but the epoch's last. */
  private int samples(int size, int first, int count) {
    int last = trainer.train.count() - 1;
    return first + count <= last
        ? size * count
        : size * (count - 1) + trainer.train.samples() - size * last;
  }

  private static void requireEqualSizes(int seen, int expected) {
    if (seen != expected) {
      throw new StateException(
          "train: accumulate needs batches of equal size but the last, got %d samples where %d were expected"
              .formatted(seen, expected));
    }
  }

  private Pass open(Batch batch, int epoch, int number) {
    largestBatch = Math.max(largestBatch, batch.size());
    return Pass.train(workspace, random.at(epoch, number));
  }

  private Var loss(Pass pass, Batch batch, int epoch, int number, Tally tally) {
    trainer.task.begin(pass);
    Var output = trainer.model.apply(pass, pass.input(batch.x()));
    Var loss = trainer.loss(pass, output, batch);
    double value = loss.value().item();
    if (!Double.isFinite(value)) {
      throw Diagnosis.ofLoss(value, epoch, number, trainer, batch, random.at(epoch, number));
    }
    tally.add(value, output.value(), batch.y(), batch.size());
    return loss;
  }

  private void finish(Step step) {
    trainer.callbacks.forEach(callback -> callback.backwardDone(step));
    clip(step.gradients(), step);
    trainer.optimizer.step(step);
    trainer.callbacks.forEach(callback -> callback.stepDone(step));
  }

  private void clip(Gradients gradients, Step step) {
    if (trainer.clipValue < Double.POSITIVE_INFINITY) {
      Clipping.byValue(gradients, trainer.clipValue);
    }
    if (trainer.clipNorm < Double.POSITIVE_INFINITY) {
      double norm = Clipping.byNorm(gradients, trainer.clipNorm);
      if (!Double.isFinite(norm)) {
        throw Diagnosis.ofGradients(gradients, step);
      }
    }
  }

  /** Returns the bytes of all arrays ever made for passes. */
  long bytesMade() {
    return workspace.bytesMade();
  }
}
