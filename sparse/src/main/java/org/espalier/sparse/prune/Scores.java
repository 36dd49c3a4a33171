package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/** Asks criteria and orders what they answer. */
final class Scores {
  private Scores() {}

  /** Returns one number a channel, or refuses what the criterion gave. */
  static double[] of(Criterion criterion, ChannelGroup group) {
    double[] scores = criterion.score(group);
    if (scores.length != group.size()) {
      throw new IllegalArgumentException(
          "criterion %s gave %d scores for %d channels of '%s'"
              .formatted(criterion, scores.length, group.size(), group.name()));
    }
    for (int channel = 0; channel < scores.length; channel++) {
      if (Double.isNaN(scores[channel])) {
        throw new IllegalArgumentException(
            "criterion %s gave NaN for channel %d of '%s'"
                .formatted(criterion, channel, group.name()));
      }
    }
    return scores;
  }

  /** Returns how many channels must stay: those of infinite scores. */
  static int staying(double... scores) {
    int staying = 0;
    for (double score : scores) {
      staying += score == Double.POSITIVE_INFINITY ? 1 : 0;
    }
    return staying;
  }

  /** Returns the channels of the lowest scores; of equal ones the lower number goes first. */
  static TreeSet<Integer> weakest(double[] scores, int count) {
    List<Integer> order = new ArrayList<>();
    for (int channel = 0; channel < scores.length; channel++) {
      order.add(channel);
    }
    order.sort(Comparator.comparingDouble(channel -> scores[channel]));
    return new TreeSet<>(order.subList(0, count));
  }
}
