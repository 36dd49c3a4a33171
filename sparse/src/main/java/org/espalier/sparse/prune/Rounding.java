package org.espalier.sparse.prune;

/**
 * Turns a ratio into a count. The 1e-9 keeps a product that is whole on paper whole in doubles:
 * {@code 10·(1-0.9)} would floor to 0 (structured-pruning reference, 2.6).
 */
public enum Rounding {
  /** Cuts {@code ⌊C·P + 1e-9⌋}: soft filter pruning, HRank, batch norm, NISP. */
  PRUNE_FLOOR {
    @Override
    public int pruned(int channels, double ratio) {
      return floor(channels * checked(ratio));
    }
  },
  /** Keeps {@code ⌊C·(1-P) + 1e-9⌋}: the L1 paper's published figures. */
  KEEP_FLOOR {
    @Override
    public int pruned(int channels, double ratio) {
      return channels - floor(channels * (1 - checked(ratio)));
    }
  };

  private static final double EPSILON = 1e-9;

  /**
   * Returns how many of the channels go, with no regard to any that must stay.
   *
   * @param ratio the pruned fraction, in [0, 1)
   */
  public abstract int pruned(int channels, double ratio);

  private static int floor(double count) {
    return (int) Math.floor(count + EPSILON);
  }

  /** Returns the ratio, or refuses it. */
  static double checked(double ratio) {
    if (!(ratio >= 0 && ratio < 1)) {
      throw new IllegalArgumentException("prune ratio must be in [0, 1), got " + ratio);
    }
    return ratio;
  }
}
