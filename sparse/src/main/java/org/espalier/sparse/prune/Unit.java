package org.espalier.sparse.prune;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Is one channel: everything that must go when it goes. */
final class Unit {
  private final int set;
  private final Map<CutAxis, int[]> footprint = new LinkedHashMap<>();
  private final List<String> pins;
  private boolean cut;

  Unit(int set, List<String> pins) {
    this.set = set;
    this.pins = List.copyOf(pins);
  }

  /** Returns the node that stands for the channel's set. */
  int set() {
    return set;
  }

  void add(CutAxis axis, int... first) {
    footprint.put(axis, first);
  }

  /** Returns the parameters' axes and their first-read indices, producers first. */
  Map<CutAxis, int[]> footprint() {
    return footprint;
  }

  /** Returns why the channel may not be cut; empty if it may. */
  List<String> pins() {
    return pins;
  }

  boolean isCut() {
    return cut;
  }

  void setCut() {
    cut = true;
  }

  /** Tells whether two channels take the same number of indices of the same axes. */
  Object kind() {
    Map<CutAxis, Integer> counts = new LinkedHashMap<>();
    footprint.forEach((axis, indices) -> counts.put(axis, indices.length));
    return List.of(counts, pins);
  }

  /** Returns the axis that names the channel: the first producer's. */
  CutAxis root() {
    return footprint.keySet().stream()
        .filter(CutAxis::isProducer)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("a channel without a producer: " + set));
  }

  @Override
  public String toString() {
    return Objects.toString(root()) + " " + footprint.get(root())[0];
  }
}
