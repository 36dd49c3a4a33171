package org.espalier.tensor.kernel;

/** Says how integer sums become codes (resource-efficient survey, sheet section 2, Q9). */
public enum RequantizationMode {
  /** {@code clamp(rint(sum · M) + z)} with M in double precision. */
  FLOAT_SCALE,
  /** The same in 32-bit integers only, by a {@link FixedPointMultiplier}. */
  FIXED_POINT
}
