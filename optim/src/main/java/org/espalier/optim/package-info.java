/**
 * Optimizers and learning-rate schedules.
 *
 * <p>An {@link org.espalier.optim.Optimizer} turns the gradients of a {@link
 * org.espalier.optim.Step} into changes of parameters; what it remembers lives in the parameters'
 * slots, so that a cut cuts it too. A {@link org.espalier.optim.Schedule} says the learning rate of
 * an epoch. Start reading at {@link org.espalier.optim.Sgd}; {@link org.espalier.optim.Rls} is the
 * one that reads the inputs of layers beside their gradients.
 */
package org.espalier.optim;
