package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.espalier.nn.model.Models;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class RatiosTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final Criterion SAME = group -> new double[group.size()];

  private final ChannelGraph graph = ChannelGraph.of(Models.byName("resnet14", IMAGE, 5), IMAGE);

  private ChannelGroup inner(int stage, int block) {
    return graph.groupOf("layer%d.%d.branch.conv1.weight".formatted(stage, block));
  }

  @Test
  void theLongestPathThatFitsCounts() {
    Ratios ratios =
        Ratios.of(0.25).with(0.5, "layer1", "layer2.0").with(0.75, "layer1.1.branch.conv1");
    assertEquals(0.5, ratios.of(inner(1, 0)));
    assertEquals(0.75, ratios.of(inner(1, 1)));
    assertEquals(0.5, ratios.of(inner(2, 0)));
    assertEquals(0.25, ratios.of(inner(2, 1)));
    assertEquals(0.125, ratios.scaled(0.5).of(inner(2, 1)));
  }

  @Test
  void groupsAreLocalByDefaultAndRankedTogetherByPathWhenGlobal() {
    Ratios ratios = Ratios.of(0).with(0.5, "layer1").with(0.25, "layer3");
    Pruner pruner = Pruner.local(SAME, ratios).innerOnly();
    PruningPlan local = pruner.plan(graph);
    assertEquals(8, local.keep().get(inner(1, 1)).count());
    assertEquals(32, local.keep().get(inner(2, 0)).count());
    assertEquals(48, local.keep().get(inner(3, 1)).count());
    PruningPlan global = pruner.withRanking(Ranking.GLOBAL).plan(graph);
    // Equal scores go in order: the first block of layer1 gives all but one, the second the rest.
    assertEquals(1, global.keep().get(inner(1, 0)).count());
    assertEquals(15, global.keep().get(inner(1, 1)).count());
    assertEquals(32, global.keep().get(inner(2, 0)).count());
    assertEquals(64 - 32, global.keep().get(inner(3, 0)).count());
  }

  @Test
  void contradictionsAndUnknownPathsAreRefused() {
    Pruner pruner = Pruner.local(SAME, Ratios.of(0).with(0.5, "layer1").with(0.25, "layer2"));
    assertRefused("cannot have different amounts", () -> pruner.plan(graph));
    assertRefused("layer1.0.branch.conv2.weight", () -> pruner.plan(graph));
    Pruner unknown = Pruner.local(SAME, Ratios.of(0).with(0.5, "layer4"));
    assertRefused("'layer4' makes no channels", () -> unknown.plan(graph));
    Pruner stem = Pruner.local(SAME, Ratios.of(0).with(0.5, "conv1")).innerOnly();
    assertRefused("'conv1' makes no channels", () -> stem.plan(graph));
    assertRefused("[0, 1)", () -> Ratios.of(0).with(1, "layer1"));
    for (double share : new double[] {-0.1, 1.1, Double.NaN}) {
      assertRefused("share", () -> Ratios.of(0.5).scaled(share));
    }
  }

  @Test
  void widthsAreWhatLayersKeep() {
    Widths widths = Widths.of("layer1", 5).with(20, "layer2.1.branch.conv1");
    PruningPlan plan = Pruner.global(SAME, widths).innerOnly().plan(graph);
    assertEquals(
        List.of(5, 5, 32, 20, 64, 64),
        plan.keep().values().stream().map(kept -> kept.count()).toList());
    PruningPlan half = Pruner.local(SAME, widths.scaled(0.5)).innerOnly().plan(graph);
    assertEquals(10, half.keep().get(inner(1, 0)).count());
    Pruner wide = Pruner.local(SAME, Widths.of("layer1", 17)).innerOnly();
    assertRefused("a group of 16 channels cannot become 17 wide", () -> wide.plan(graph));
    assertRefused("at least one channel", () -> Widths.of("layer1", 0));
  }
}
