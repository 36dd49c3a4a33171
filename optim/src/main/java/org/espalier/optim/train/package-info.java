/**
 * The training loop: {@link org.espalier.optim.train.Trainer} runs epochs of steps, {@link
 * org.espalier.optim.train.Callback}s act in it, and {@link org.espalier.optim.train.Evaluation}
 * measures a model.
 *
 * <p>A run is a pure function of model, data, options and seed: what a {@link
 * org.espalier.nn.Snapshot} resumes ends with the same bits as a run that never stopped.
 */
package org.espalier.optim.train;
