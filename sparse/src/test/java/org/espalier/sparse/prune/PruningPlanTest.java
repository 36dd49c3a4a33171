package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.IMAGE;
import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.junit.jupiter.api.Test;

class PruningPlanTest {
  private static ChannelGraph graph() {
    return ChannelGraph.of(TestNets.chain().initialize(1), IMAGE);
  }

  private static PruningPlan keeping(ChannelGraph graph, String name, int... kept) {
    ChannelGroup group = graph.groupOf(name);
    return new PruningPlan(graph, Map.of(group, Indices.of(group.size(), kept)));
  }

  @Test
  void costsArePredictedAndCome() {
    ChannelGraph graph = graph();
    PruningPlan plan = keeping(graph, "c1", 1, 3, 4, 5);
    Costs before = Costs.of(graph.model(), IMAGE);
    assertEquals(before.macs(), plan.macsBefore());
    assertEquals(before.params(), plan.parametersBefore());
    // Two filters of 27 weights, a bias, gamma and beta, and two columns of four filters of 9.
    assertEquals(before.params() - 2 * (27 + 3) - 2 * 4 * 9, plan.parameters());
    plan.apply();
    Costs after = Costs.of(graph.model(), IMAGE);
    assertEquals(after.macs(), plan.macs());
    assertEquals(after.params(), plan.parameters());
    assertEquals(after.params(), graph.parameters());
  }

  @Test
  void itPrintsATableAndExplainsWhatIsCoupled() {
    PruningPlan plan = keeping(graph(), "c1", 1, 3, 4, 5);
    assertTrue(plan.toString().contains("c1     6 ->     4\nMACs 6,056 -> "), plan.toString());
    String text = plan.explain();
    assertTrue(text.contains("group 'c1': 6 -> 4 channels"), text);
    assertTrue(text.contains("[0, 2]"), text);
    assertTrue(text.contains("read by conv2d"), text);
    assertTrue(text.contains("% less), parameters "), text);
  }

  @Test
  void illegalPlansAreRefusedWithTheGroupPrinted() {
    ChannelGraph graph = graph();
    assertRefused("nothing would be left of 'c1'", () -> keeping(graph, "c1"));
    assertRefused("read by conv2d", () -> keeping(graph, "c1"));
    assertRefused("reaches the model's output", () -> keeping(graph, "fc", 0));
    assertRefused("root  out    fc", () -> keeping(graph, "fc", 0));
    assertRefused(
        "group 'c1' has 6 channels, the indices are out of 5",
        () -> new PruningPlan(graph, Map.of(graph.groupOf("c1"), Indices.all(5))));
  }

  @Test
  void anIgnoredLayersOutputPinsItsGroupAndItsInputDoesNot() {
    Module net = TestNets.chain().initialize(1);
    ChannelGraph graph = ChannelGraph.builder(net, IMAGE).ignore("c2").build();
    assertRefused("layer 'c2' is ignored", () -> keeping(graph, "c2", 0));
    assertEquals(2, keeping(graph, "c1", 0, 1, 2, 3).cuts().size());
    assertTrue(
        Pruner.local(g -> new double[g.size()], 0.5).plan(graph).keep().keySet().stream()
            .allMatch(group -> group.name().equals("c1")));
  }

  @Test
  void aModelChangedElsewhereIsRefused() {
    ChannelGraph graph = graph();
    ChannelGraph other = ChannelGraph.of(graph.model(), IMAGE);
    keeping(other, "c1", 0, 1, 2).apply();
    assertRefused("was changed elsewhere", () -> keeping(graph, "c1", 0, 1, 2));
  }
}
