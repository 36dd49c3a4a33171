package org.espalier.sparse.prune.criterion.nisp;

/** Says what each input of a pooling window gets of the window's importance. */
public enum PoolingRule {
  /** Its share: the score by the window's size, the default. All is conserved. */
  UNIFORM,
  /** The whole score, as the bound for maximum pooling has it. */
  UNIT
}
