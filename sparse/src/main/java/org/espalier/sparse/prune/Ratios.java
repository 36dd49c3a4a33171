package org.espalier.sparse.prune;

import java.util.List;
import java.util.Map;

/**
 * States which share of its channels each group loses, {@code Ratios.of(0.3).with(0.1, "layer3")}:
 * 30 % everywhere, 10 % in layer3 and all below it. The longest path that fits counts. In a global
 * ranking the groups under one path are ranked together and lose the share of all their channels.
 */
public final class Ratios implements Amount {
  private final double otherwise;
  private final ByLayer<Double> layers;
  private final double progress;

  private Ratios(double otherwise, ByLayer<Double> layers, double progress) {
    this.otherwise = otherwise;
    this.layers = layers;
    this.progress = progress;
  }

  /** Returns the same ratio, in [0, 1), for all. */
  public static Ratios of(double ratio) {
    return new Ratios(Rounding.checked(ratio), new ByLayer<>(Map.of()), 1);
  }

  /** Returns these ratios with another one for some layers, or all layers below some paths. */
  public Ratios with(double ratio, String... paths) {
    return new Ratios(otherwise, layers.with(Rounding.checked(ratio), paths), progress);
  }

  /** Returns the ratio of a group; refused where its layers have different ones. */
  public double of(ChannelGroup group) {
    return progress * layers.of(group, otherwise);
  }

  /** Returns the path that gives a group its ratio, empty where none does. */
  String pathOf(ChannelGroup group) {
    String key = layers.keyOf(group);
    return key == null ? "" : key;
  }

  @Override
  public Ratios scaled(double share) {
    return new Ratios(otherwise, layers, progress * Amount.checkedShare(share));
  }

  @Override
  public void check(List<ChannelGroup> groups) {
    layers.check(groups);
    groups.forEach(layers::keyOf);
  }

  @Override
  public String toString() {
    String named = layers.entries().isEmpty() ? "" : ", by layer " + layers.entries();
    return "ratio " + otherwise + named + (progress == 1 ? "" : ", times " + progress);
  }
}
