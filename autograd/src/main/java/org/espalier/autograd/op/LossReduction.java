package org.espalier.autograd.op;

/** Says what becomes of the single losses. */
public enum LossReduction {
  /** Their mean (a weighted one, where a loss says so). */
  MEAN,
  /** Their sum. */
  SUM,
  /** They stay as they are. */
  NONE,
  /** Their sum by the number of samples, the first axis; for the Kullback-Leibler divergence. */
  BATCH_MEAN
}
