package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.espalier.tensor.Tensor;

/** Finds the channels whose producers' rows are all exactly zero. */
final class DeadChannels {
  private DeadChannels() {}

  /** Returns the channels that may go; of an axis that is dead throughout the first stays. */
  static ChannelSelection of(ChannelGraph graph) {
    return of(graph, DeadChannels::isDead);
  }

  /** Returns the channels that satisfy a predicate and may go; no axis loses all of them. */
  static ChannelSelection of(ChannelGraph graph, Predicate<Unit> isDead) {
    Map<CutAxis, Integer> left = new HashMap<>();
    List<Unit> dead = new ArrayList<>();
    for (ChannelGroup group : graph.prunable()) {
      List<Unit> units = new ArrayList<>(group.units());
      // From the end, so that it is the first channel that stays where nothing lives.
      for (int i = units.size() - 1; i >= 0; i--) {
        if (isDead.test(units.get(i)) && mayGo(units.get(i), left)) {
          dead.add(0, units.get(i));
        }
      }
    }
    return new ChannelSelection(graph, dead);
  }

  private static boolean isDead(Unit unit) {
    for (Map.Entry<CutAxis, int[]> slice : unit.footprint().entrySet()) {
      if (slice.getKey().isProducer() && !isZero(slice.getKey(), slice.getValue())) {
        return false;
      }
    }
    return true;
  }

  private static boolean isZero(CutAxis axis, int... first) {
    Tensor value = axis.parameter().value();
    for (int row : axis.now(first)) {
      if (!Slices.isZero(value, axis.axis(), row)) {
        return false;
      }
    }
    return true;
  }

  private static boolean mayGo(Unit unit, Map<CutAxis, Integer> left) {
    for (Map.Entry<CutAxis, int[]> slice : unit.footprint().entrySet()) {
      int rest = left.getOrDefault(slice.getKey(), slice.getKey().size());
      if (rest <= slice.getValue().length) {
        return false;
      }
    }
    unit.footprint()
        .forEach(
            (axis, first) ->
                left.merge(axis, axis.size() - first.length, (a, b) -> a - first.length));
    return true;
  }

  /**
   * Zeroes, group by group, the same channels in all producers: as many as the producers have lost
   * on average, by the lowest sums of the producers' squared norms.
   */
  static void agree(ChannelGraph graph) {
    // All groups choose before any is zeroed: groups may share rows of one weight.
    Map<ChannelGroup, TreeSet<Integer>> chosen = new LinkedHashMap<>();
    graph.prunable().forEach(group -> chosen.put(group, weakest(group)));
    chosen.forEach(
        (group, out) -> {
          for (Member member : producers(group)) {
            for (int channel : out) {
              Slices.zero(member.parameter(), member.axis(), member.units().get(channel));
            }
          }
        });
  }

  private static List<Member> producers(ChannelGroup group) {
    return group.members().stream().filter(Member::producer).toList();
  }

  private static TreeSet<Integer> weakest(ChannelGroup group) {
    List<Member> producers = producers(group);
    double share = 0;
    for (Member member : producers) {
      share += deadShare(member) / producers.size();
    }
    int count = Rounding.PRUNE_FLOOR.pruned(group.size(), Math.min(share, 1 - 1e-9));
    return Scores.weakest(squaredNorms(group, producers), Math.min(count, group.size() - 1));
  }

  private static double deadShare(Member member) {
    Tensor value = member.parameter().value();
    int rows = value.shape().size(member.axis());
    int dead = 0;
    for (int row = 0; row < rows; row++) {
      dead += Slices.isZero(value, member.axis(), row) ? 1 : 0;
    }
    return (double) dead / rows;
  }

  private static double[] squaredNorms(ChannelGroup group, List<Member> producers) {
    double[] sums = new double[group.size()];
    for (Member member : producers) {
      Tensor value = member.parameter().value();
      for (int channel = 0; channel < sums.length; channel++) {
        for (int row : member.units().get(channel)) {
          int at = channel;
          Slices.visit(value, member.axis(), row, e -> sums[at] += value.get(e) * value.get(e));
        }
      }
    }
    return sums;
  }

  /** Returns the root rows of a selection by path, to find the same channels in another graph. */
  static Map<String, int[]> rows(ChannelSelection selection) {
    Map<String, int[]> rows = new LinkedHashMap<>();
    CutRecord.of(selection).slices().forEach(slice -> rows.put(slice.path(), slice.indices()));
    return rows;
  }
}
