package org.espalier.optim;

import org.espalier.autograd.Gradients;
import org.espalier.autograd.Tape;
import org.espalier.nn.Batch;

/**
 * Holds all that is known when a backward walk is done: what callbacks and optimizers act on.
 *
 * @param tape the recorded pass, still open; of several micro-batches the last
 * @param gradients the gradients, which callbacks may modify
 * @param batch the batch; of several micro-batches the last
 * @param rate the learning rate of now
 * @param epoch the epoch, from 0
 * @param index the step in the epoch, from 0
 */
public record Step(Tape tape, Gradients gradients, Batch batch, Rate rate, int epoch, int index) {
  /** Returns a step of a hand-written loop, at the optimizer's own learning rate. */
  public static Step of(Tape tape, Gradients gradients) {
    return of(tape, gradients, Rate.BASE);
  }

  /** Returns a step of a hand-written loop at a learning rate. */
  public static Step of(Tape tape, Gradients gradients, Rate rate) {
    return new Step(tape, gradients, null, rate, 0, 0);
  }
}
