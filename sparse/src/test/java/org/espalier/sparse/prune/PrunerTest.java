package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Collectors;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.Shape;
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
  void planPrintsAndPredictsAndApplies() {
    ChannelGraph graph = graph();
    PruningPlan plan = Pruner.local(RISING, 0.5).plan(graph);
    assertEquals(8 * 3 + 4 * 8 + 2 * 4, graph.macs());
    assertEquals(4 * 3 + 2 * 4 + 2 * 2, plan.macs());
    String text = plan.toString();
    assertTrue(text.contains("8 ->     4"), text);
    assertTrue(text.contains("MACs 64 -> 24 (62.5 % less)"), text);
    plan.apply();
    assertEquals(24, graph.macs());
  }
}
