package org.espalier.sparse.prune.criterion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.TestNets;
import org.junit.jupiter.api.Test;

class RandomScoreTest {
  private static ChannelGroup group(String name) {
    return ChannelGraph.of(TestNets.chain().initialize(1), TestNets.IMAGE).groupOf(name);
  }

  @Test
  void scoresRepeatBySeedAndDifferByGroup() {
    double[] scores = new RandomScore(3).score(group("c1"));
    assertArrayEquals(scores, new RandomScore(3).score(group("c1")));
    assertNotEquals(scores[0], new RandomScore(4).score(group("c1"))[0]);
    assertNotEquals(scores[0], new RandomScore(3).score(group("c2"))[0]);
  }
}
