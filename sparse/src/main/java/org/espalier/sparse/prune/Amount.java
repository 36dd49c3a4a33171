package org.espalier.sparse.prune;

import java.util.List;

/**
 * Says how much goes: {@link Ratios} of the channels, {@link Widths} that layers get, or a {@link
 * Budget} that the whole model must meet. All speak of the model as its graph read it, so that what
 * several plans on one graph take adds up to the amount.
 */
public sealed interface Amount permits Ratios, Widths, Budget {
  /**
   * Returns the amount of a step on the way: this share of what goes in all.
   *
   * @param share from 0 (nothing goes) to 1 (everything that this amount takes)
   */
  Amount scaled(double share);

  /** Refuses an amount that does not fit the groups. */
  void check(List<ChannelGroup> groups);

  /** Returns a share of the way, or refuses it. */
  static double checkedShare(double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException("a share of the way must be in [0, 1], got " + share);
    }
    return share;
  }
}
