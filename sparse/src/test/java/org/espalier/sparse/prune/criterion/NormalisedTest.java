package org.espalier.sparse.prune.criterion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class NormalisedTest {
  private final Module model = Models.byName("resnet8", Shape.of(8, 8, 3), 3).initialize(1);
  private final ChannelGraph graph = ChannelGraph.of(model, Shape.of(8, 8, 3));

  @Test
  void everyGroupHasTheSameMeanAndItsOrder() {
    Criterion plain = L1Norm.ofFilters();
    Criterion criterion = new Normalised(plain, Normaliser.MEAN).on(graph);
    for (ChannelGroup group : graph.prunable()) {
      double[] scores = criterion.score(group);
      assertEquals(1, Arrays.stream(scores).average().orElseThrow(), 1e-12, group.name());
      double[] before = plain.score(group);
      double scale = before[0] / scores[0];
      assertArrayEquals(
          before, Arrays.stream(scores).map(s -> s * scale).toArray(), 1e-9, group.name());
    }
  }

  @Test
  void evidenceAndTheGroupsThatAreCoveredAreThoseOfTheCriterion() {
    Criterion one =
        new Criterion() {
          @Override
          public double[] score(ChannelGroup group) {
            throw new AssertionError("asked before there was evidence");
          }

          @Override
          public Criterion on(ChannelGraph read) {
            return new Seen();
          }
        };
    Criterion criterion = new Normalised(one, Normaliser.MAX).on(graph);
    ChannelGroup stem = graph.prunable().get(0);
    assertEquals(1, criterion.score(stem)[0]);
    assertTrue(criterion.covers(stem));
    assertFalse(criterion.covers(graph.prunable().get(1)));
  }

  /** Scores all alike, and has something to say about the first group only. */
  private final class Seen implements Criterion {
    @Override
    public double[] score(ChannelGroup group) {
      double[] scores = new double[group.size()];
      Arrays.fill(scores, 7);
      return scores;
    }

    @Override
    public boolean covers(ChannelGroup group) {
      return group.equals(graph.prunable().get(0));
    }
  }
}
