package org.espalier.sparse.prune;

/**
 * Says what stays of each group whatever its scores (structured-pruning reference, 2.6).
 *
 * @param rounding turns ratios into counts
 * @param minChannels what stays of a group at least
 * @param roundTo lowers what stays to a multiple of this, but not below one multiple
 * @param maxRatio the largest share of a group that may go, in (0, 1]
 */
public record Limits(Rounding rounding, int minChannels, int roundTo, double maxRatio) {
  /** Cuts {@code ⌊C·P⌋} channels and leaves at least one of each group. */
  public static final Limits DEFAULT = new Limits(Rounding.PRUNE_FLOOR, 1, 1, 1);

  /** Creates the limits. */
  public Limits {
    if (minChannels < 1 || roundTo < 1) {
      throw new IllegalArgumentException(
          "pruner: minChannels and roundTo must be positive, got %d and %d"
              .formatted(minChannels, roundTo));
    }
    if (!(maxRatio > 0 && maxRatio <= 1)) {
      throw new IllegalArgumentException("pruner: maxRatio must be in (0, 1], got " + maxRatio);
    }
  }

  /** Returns how many channels of a group stay at least, whatever they are rounded to. */
  int least(ChannelGroup group) {
    int channels = group.originalSize();
    int most = maxRatio == 1 ? channels : rounding.pruned(channels, maxRatio);
    return Math.max(Math.min(minChannels, channels), channels - most);
  }

  /**
   * Returns how many channels of a group are kept.
   *
   * @param pruned how many should go, of those there were when the graph was read
   */
  int kept(ChannelGroup group, int pruned) {
    int channels = group.originalSize();
    int least = (least(group) + roundTo - 1) / roundTo * roundTo;
    int keep = (channels - pruned) / roundTo * roundTo;
    return Math.min(group.size(), Math.max(keep, least));
  }
}
