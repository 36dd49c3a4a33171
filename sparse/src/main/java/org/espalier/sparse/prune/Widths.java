package org.espalier.sparse.prune;

import java.util.List;
import java.util.Map;

/**
 * States how many channels layers keep, {@code Widths.of("conv1", 32)}; groups of other layers stay
 * whole. Whether groups are ranked locally or globally makes no difference then.
 */
public final class Widths implements Amount {
  private final ByLayer<Integer> layers;
  private final double progress;

  private Widths(ByLayer<Integer> layers, double progress) {
    this.layers = layers;
    this.progress = progress;
  }

  /** Returns a width for one layer, or for each below a path. */
  public static Widths of(String path, int channels) {
    return new Widths(new ByLayer<>(Map.of()), 1).with(channels, path);
  }

  /** Returns these widths with one for more layers, or all layers below some paths. */
  public Widths with(int channels, String... paths) {
    if (channels < 1) {
      throw new IllegalArgumentException(
          "a layer keeps at least one channel, got %d for %s".formatted(channels, List.of(paths)));
    }
    return new Widths(layers.with(channels, paths), progress);
  }

  /** Returns how many of a group's channels go, of those there were. */
  int pruned(ChannelGroup group) {
    int going = group.originalSize() - layers.of(group, group.originalSize());
    return (int) Math.round(going * progress);
  }

  @Override
  public Widths scaled(double share) {
    return new Widths(layers, progress * Amount.checkedShare(share));
  }

  @Override
  public void check(List<ChannelGroup> groups) {
    layers.check(groups);
    for (ChannelGroup group : groups) {
      if (pruned(group) < 0) {
        throw new IllegalArgumentException(
            "a group of %d channels cannot become %d wide:\n%s"
                .formatted(group.originalSize(), layers.of(group, 0), group));
      }
    }
  }

  @Override
  public String toString() {
    return "widths " + layers.entries() + (progress == 1 ? "" : ", " + progress + " of the way");
  }
}
