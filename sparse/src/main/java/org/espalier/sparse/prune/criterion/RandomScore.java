package org.espalier.sparse.prune.criterion;

import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.tensor.Random;

/**
 * Scores channels at random, as a control that any other criterion must beat.
 *
 * @param seed the same seed gives the same scores; groups are independent
 */
public record RandomScore(long seed) implements Criterion {
  @Override
  public double[] score(ChannelGroup group) {
    Random random = Random.of(seed).stream("random score").stream(group.name());
    double[] scores = new double[group.size()];
    for (int channel = 0; channel < scores.length; channel++) {
      scores[channel] = random.uniform(channel);
    }
    return scores;
  }
}
