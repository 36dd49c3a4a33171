package org.espalier.sparse.prune.criterion.filter;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ratios;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class StagePlanTest {
  private static final Shape IMAGE = Shape.of(16, 16, 3);

  private static ChannelGraph graph(String name) {
    return ChannelGraph.of(Models.byName(name, IMAGE, 5).initialize(1), IMAGE);
  }

  private static List<Integer> kept(ChannelGraph graph, StagePlan plan) {
    PruningPlan chosen = FilterPruning.greedy().plan(graph, plan.ratios(graph));
    return chosen.keep().values().stream().map(kept -> kept.count()).toList();
  }

  @Test
  void stagesAreBlocksOfOneMapSizeAndLayersCountFromTheStem() {
    StagePlan plan = StagePlan.of(0.5, 0.25, 0).skipping(2, 8);
    assertEquals(List.of(16, 8, 24, 32, 64, 64), kept(graph("resnet14"), plan));
    assertEquals(List.of(16, 8, 24, 32, 64, 64), kept(graph("resnet14b"), plan));
  }

  @Test
  void bottlenecksHaveTwoInnerConvolutionsAndThreeNumbers() {
    Shape image = Shape.of(32, 32, 3);
    ChannelGraph graph = ChannelGraph.of(Models.byName("resnet50", image, 5), image);
    Ratios ratios = StagePlan.of(0.5, 0.25, 0, 0.1).skipping(2, 6, 12).ratios(graph);
    String conv = "layer%d.%d.branch.conv%d.weight";
    assertEquals(0, ratios.of(graph.groupOf(conv.formatted(1, 0, 1))));
    assertEquals(0.5, ratios.of(graph.groupOf(conv.formatted(1, 0, 2))));
    assertEquals(0.5, ratios.of(graph.groupOf(conv.formatted(1, 1, 1))));
    assertEquals(0, ratios.of(graph.groupOf(conv.formatted(1, 1, 2))));
    // The first block of a stage has the new size only behind its strided convolution.
    assertEquals(0.25, ratios.of(graph.groupOf(conv.formatted(2, 0, 1))) + 0);
    assertEquals(0, ratios.of(graph.groupOf(conv.formatted(2, 0, 2))));
    assertEquals(0.1, ratios.of(graph.groupOf(conv.formatted(4, 2, 2))));
    assertEquals(0, ratios.of(graph.groupOf("conv1.weight")));
  }

  @Test
  void wrongPlansAreRefused() {
    ChannelGraph graph = graph("resnet14");
    assertRefused("2 ratios for 3 stages", () -> StagePlan.of(0.1, 0.2).ratios(graph));
    assertRefused(
        "inner convolutions of blocks are [2, 4, 6, 8, 10, 12]",
        () -> StagePlan.of(0.1, 0.2, 0.3).skipping(3).ratios(graph));
    assertRefused("[0, 1)", () -> StagePlan.of(0.1, 1, 0.3).ratios(graph));
    assertRefused("0 stages", () -> StagePlan.of(0.1).ratios(graph("vgg16")));
  }
}
