package org.espalier.sparse.quant;

/** Says where real 0 lies on an integer grid (resource-efficiency survey, Q1). */
public enum Scheme {
  /** The zero point follows from the range: the whole grid covers it. */
  AFFINE,
  /** The zero point is 0: the range is widened to {@code [-m, m]}. */
  SYMMETRIC
}
