package org.espalier.cli.recipe;

import java.util.Map;
import org.espalier.nn.Batches;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.Loss;
import org.espalier.tensor.Shape;

/**
 * Is where techniques take part: the run, once its data are read.
 *
 * @param input the shape of one sample, without the batch axis
 * @param epochs the epochs of the run; under a time budget those it was told
 * @param training the batches to learn from
 * @param task the loss of the task
 * @param seed the seed of everything random
 * @param store keeps the run's snapshots
 * @param meta the record that is saved with each model
 */
public record Site(
    Shape input,
    int epochs,
    Batches training,
    Loss task,
    long seed,
    Snapshot.Store store,
    Map<String, Object> meta) {
  /** Returns the number of steps in so many epochs, to the nearest one. */
  long steps(double ofEpochs) {
    return Math.round(ofEpochs * training.count());
  }
}
