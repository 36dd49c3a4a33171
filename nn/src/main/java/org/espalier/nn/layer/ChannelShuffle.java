package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;

/**
 * Exchanges groups and channels within groups: channel {@code (g, c)} becomes {@code (c, g)}.
 * {@link Gather#shuffle} is the form whose channels may be cut unevenly.
 */
public final class ChannelShuffle extends Module {
  static final String TYPE = "channel_shuffle";
  private static final String GROUPS = "groups";

  private final int groups;

  /** Creates the module; groups divide the channels. */
  public ChannelShuffle(int groups) {
    this.groups = Checks.size(GROUPS, groups);
  }

  static ChannelShuffle create(Spec spec) {
    return new ChannelShuffle(spec.integer(GROUPS));
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.channelShuffle(x, groups);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(GROUPS, groups);
  }
}
