/** Optimizers, schedules and the training loop. */
package org.espalier.optim;
