/**
 * Knowledge distillation: a small network, the student, learns from a trained one, the teacher.
 * {@link org.espalier.sparse.distillation.Distillation} is the task that a {@link
 * org.espalier.optim.train.Trainer} lowers in place of a plain loss; the formula itself is {@link
 * org.espalier.nn.loss.DistillationLoss}. Masks, low rank and quantisation attach to the student's
 * parameters as ever and do not notice.
 */
package org.espalier.sparse.distillation;
