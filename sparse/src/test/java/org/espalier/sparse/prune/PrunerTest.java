package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Collectors;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class PrunerTest {
  private static final Shape VECTOR = Shape.of(3);

  /** Two hidden layers of 8 and 4 units. */
  private static ChannelGraph graph() {
    TestNet net =
        new TestNet((n, x) -> n.linear("c", Ops.relu(n.linear("b", Ops.relu(n.linear("a", x))))))
            .with("a", 8, 3)
            .with("b", 4, 8)
            .with("c", 2, 4);
    net.initialize(1);
    return ChannelGraph.of(net, VECTOR);
  }

  /** Scores a by the first table, b by the second. */
  private static Criterion table(double[] a, double[] b) {
    return group -> group.name().equals("a") ? a : b;
  }

  private static final Criterion RISING =
      table(new double[] {0, 1, 2, 3, 4, 5, 6, 7}, new double[] {3.5, 10, 11, 12});

  private static Map<String, String> kept(Pruner pruner) {
    return pruner.plan(graph()).keep().entrySet().stream()
        .collect(Collectors.toMap(e -> e.getKey().name(), e -> Ranges.of(e.getValue().toArray())));
  }

  @Test
  void localTakesTheRatioOfEachGroup() {
    assertEquals(Map.of("a", "[4-7]", "b", "[2, 3]"), kept(Pruner.local(RISING, 0.5)));
    assertEquals(Map.of("a", "[2-7]", "b", "[1-3]"), kept(Pruner.local(RISING, 0.3)));
  }

  @Test
  void keepFloorRoundsTheOtherWay() {
    Pruner pruner = Pruner.local(RISING, 0.3).withRounding(Rounding.KEEP_FLOOR);
    assertEquals(Map.of("a", "[3-7]", "b", "[2, 3]"), kept(pruner));
    assertEquals(1, Rounding.PRUNE_FLOOR.pruned(16, 0.1));
    assertEquals(2, Rounding.KEEP_FLOOR.pruned(16, 0.1));
    assertEquals(1, Rounding.PRUNE_FLOOR.pruned(10, 1 - 0.9));
  }

  @Test
  void globalRanksAllGroupsTogether() {
    assertEquals(Map.of("a", "[5-7]", "b", "[1-3]"), kept(Pruner.global(RISING, 0.5)));
  }

  @Test
  void globalSkipsGroupsAtTheirLeastAndGoesOn() {
    Criterion low = table(new double[] {9, 9, 9, 9, 9, 9, 9, 8}, new double[] {1, 2, 3, 4});
    assertEquals(
        Map.of("a", "[1-6]", "b", "[2, 3]"), kept(Pruner.global(low, 0.4).withMinChannels(2)));
    assertEquals(Map.of("a", "[6]", "b", "[3]"), kept(Pruner.global(low, 0.99)));
  }

  @Test
  void roundToLowersToAMultipleButNotBelowOne() {
    assertEquals(
        Map.of("a", "[4-7]", "b", "[0-3]"), kept(Pruner.local(RISING, 0.3).withRoundTo(4)));
    assertEquals(
        Map.of("a", "[0-7]", "b", "[0-3]"), kept(Pruner.local(RISING, 0.3).withRoundTo(16)));
  }

  @Test
  void equalScoresGoInOrder() {
    Criterion same = group -> new double[group.size()];
    assertEquals(Map.of("a", "[4-7]", "b", "[2, 3]"), kept(Pruner.local(same, 0.5)));
    assertEquals(Map.of("a", "[6, 7]", "b", "[0-3]"), kept(Pruner.global(same, 0.5)));
  }

  @Test
  void wrongNumbersAreRefused() {
    for (double ratio : new double[] {-0.1, 1, Double.NaN}) {
      assertThrows(IllegalArgumentException.class, () -> Pruner.local(RISING, ratio));
    }
    assertThrows(
        IllegalArgumentException.class, () -> Pruner.local(RISING, 0.1).withMinChannels(0));
    Criterion nan = group -> new double[] {Double.NaN, 0, 0, 0, 0, 0, 0, 0};
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> Pruner.local(nan, 0.5).plan(graph()));
    assertTrue(e.getMessage().contains("NaN for channel 0 of 'a'"), e.getMessage());
    Criterion few = group -> new double[1];
    assertThrows(IllegalArgumentException.class, () -> Pruner.local(few, 0.5).plan(graph()));
  }

  @Test
  void greedyDoesNotCountWhatGroupsBeforeLose() {
    TestNet net =
        new TestNet((n, x) -> n.linear("c", n.linear("b", n.linear("a", x))))
            .with("a", 3, 1)
            .with("b", 3, 3)
            .with("c", 1, 3);
    net.initialize(1);
    net.parameter("a").set(Tensor.of(Shape.of(3, 1), 1f, 2f, 3f));
    net.parameter("b").set(Tensor.of(Shape.of(3, 3), 9f, 1, 0, 0, 2, 1, 0, 1, 4));
    Pruner pruner = Pruner.local(L1Norm.ofFilters(), 0.34);
    assertEquals("[0, 2]", keptOf(pruner, net, "b"));
    assertEquals("[1, 2]", keptOf(pruner.withRanking(Ranking.GREEDY), net, "b"));
    assertEquals("[1, 2]", keptOf(pruner.withRanking(Ranking.GREEDY), net, "a"));
  }

  private static String keptOf(Pruner pruner, TestNet net, String name) {
    ChannelGraph graph = ChannelGraph.of(net, Shape.of(1));
    return Ranges.of(pruner.plan(graph).keep().get(graph.groupOf(name)).toArray());
  }

  @Test
  void maxRatioLimitsWhatAGroupLoses() {
    Criterion low = table(new double[8], new double[] {1, 2, 3, 4});
    assertEquals(Map.of("a", "[6, 7]", "b", "[0-3]"), kept(Pruner.global(low, 0.5)));
    assertEquals(
        Map.of("a", "[4-7]", "b", "[2, 3]"), kept(Pruner.global(low, 0.5).withMaxRatio(0.5)));
    assertThrows(IllegalArgumentException.class, () -> Pruner.local(low, 0.5).withMaxRatio(0));
  }

  @Test
  void limitsRoundUpWhatMustStay() {
    assertEquals(
        Map.of("a", "[4-7]", "b", "[0-3]"),
        kept(Pruner.local(RISING, 0.9).withMinChannels(3).withRoundTo(4)));
  }

  @Test
  void onlySomeGroupsTakePart() {
    Pruner pruner = Pruner.global(RISING, 0.5).only(group -> group.name().equals("b"));
    assertEquals(Map.of("b", "[2, 3]"), kept(pruner));
  }

  @Test
  void streamsAreNotInner() {
    ChannelGraph graph = ChannelGraph.of(TestNets.optionA().initialize(1), TestNets.IMAGE);
    assertTrue(
        graph.groups().stream().allMatch(group -> group.name().equals("fc") || group.isStream()));
    Shape image = Shape.of(8, 8, 3);
    for (String name : new String[] {"resnet8", "resnet8b", "wrn-10-1"}) {
      ChannelGraph net = ChannelGraph.of(Models.byName(name, image, 5), image);
      PruningPlan plan = Pruner.local(new RandomScore(1), 0.5).innerOnly().plan(net);
      assertEquals(3, plan.keep().size(), name);
      plan.keep()
          .keySet()
          .forEach(
              group ->
                  assertTrue(
                      group.name().matches(name.startsWith("w") ? ".*conv0.*" : ".*\\.conv1.*"),
                      group.toString()));
    }
  }

  @Test
  void amountsCountFromTheModelAsTheGraphReadIt() {
    ChannelGraph graph = graph();
    Pruner pruner = Pruner.local(L1Norm.ofFilters(), 0.5);
    pruner.plan(graph).apply();
    assertEquals(0, pruner.plan(graph).cuts().size());
    assertEquals(
        2,
        Pruner.local(L1Norm.ofFilters(), 0.75).plan(graph).keep().get(graph.groupOf("a")).count());
    assertEquals(0, Pruner.global(L1Norm.ofFilters(), 0.5).plan(graph).cuts().size());
    assertEquals(3, Pruner.global(L1Norm.ofFilters(), 0.75).plan(graph).cuts().size());
    assertEquals(8, graph.groupOf("a").originalSize());
  }

  @Test
  void channelsOfInfiniteScoreStay() {
    double never = Double.POSITIVE_INFINITY;
    Criterion some =
        table(new double[] {never, 1, never, 3, never, 5, never, 7}, new double[] {never, 2, 3, 4});
    Criterion none =
        table(
            new double[] {never, never, never, never, never, never, never, never},
            new double[] {1, 2, 3, 4});
    assertEquals(Map.of("a", "[0, 2, 4, 6]", "b", "[0]"), kept(Pruner.local(some, 0.9)));
    assertEquals(Map.of("a", "[0, 2, 4, 6]", "b", "[0]"), kept(Pruner.global(some, 0.9)));
    assertEquals(
        Map.of("a", "[0, 2, 4, 6]", "b", "[0]"),
        kept(Pruner.greedy(some, Widths.of("a", 2).with(1, "b"))));
    for (Ranking ranking : Ranking.values()) {
      Pruner pruner = Pruner.local(none, Budget.macs(0.6)).withRanking(ranking);
      assertEquals("[0-7]", kept(pruner).get("a"));
      assertThrows(IllegalArgumentException.class, () -> kept(pruner.withAmount(Budget.macs(0.5))));
    }
  }

  @Test
  void evidenceIsCollectedOnceAPlan() {
    int[] collected = {0};
    Criterion criterion =
        new Criterion() {
          @Override
          public double[] score(ChannelGroup group) {
            throw new AssertionError("without evidence");
          }

          @Override
          public Criterion on(ChannelGraph graph) {
            collected[0]++;
            return RISING;
          }
        };
    assertEquals(Map.of("a", "[4-7]", "b", "[2, 3]"), kept(Pruner.local(criterion, 0.5)));
    assertEquals(1, collected[0]);
  }
}
