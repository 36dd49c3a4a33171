package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class IterativePruningTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final Pruner HALF = Pruner.local(L1Norm.ofFilters(), 0.5).innerOnly();

  private static ChannelGraph graph() {
    return ChannelGraph.of(Models.byName("resnet8", IMAGE, 5).initialize(1), IMAGE);
  }

  private static List<Integer> widths(ChannelGraph graph) {
    return graph.prunable().stream()
        .filter(group -> !group.isStream())
        .map(ChannelGroup::size)
        .toList();
  }

  @Test
  void evenStepsReachTheAmountTogether() {
    ChannelGraph graph = graph();
    List<List<Integer>> seen = new ArrayList<>();
    IterativePruning.evenly(HALF, 4).run(graph, step -> seen.add(widths(graph)));
    assertEquals(
        List.of(List.of(14, 28, 56), List.of(12, 24, 48), List.of(10, 20, 40), List.of(8, 16, 32)),
        seen);
  }

  @Test
  void sharesMayBeUneven() {
    ChannelGraph graph = graph();
    List<List<Integer>> seen = new ArrayList<>();
    IterativePruning.at(HALF, 0.75, 1).run(graph, step -> seen.add(widths(graph)));
    assertEquals(List.of(List.of(10, 20, 40), List.of(8, 16, 32)), seen);
  }

  @Test
  void budgetsAreMetStepByStep() {
    ChannelGraph graph = graph();
    long whole = graph.macs();
    List<Double> left = new ArrayList<>();
    Pruner pruner = Pruner.global(L1Norm.ofGroups(), Budget.macs(0.4));
    IterativePruning.evenly(pruner, 3).run(graph, step -> left.add((double) graph.macs() / whole));
    assertEquals(0.8, left.get(0), 0.02);
    assertEquals(0.6, left.get(1), 0.02);
    assertEquals(0.4, left.get(2), 0.02);
    assertTrue(left.get(2) <= 0.4);
  }

  @Test
  void eachStepScoresWhatTheStepBeforeLeft() {
    ChannelGraph graph = graph();
    Parameter weight = graph.model().parameter("layer1.0.branch.conv1.weight");
    List<Double> sums = new ArrayList<>();
    IterativePruning.evenly(HALF, 2)
        .run(
            graph,
            step -> {
              sums.add(weight.raw().get(0));
              // The first filter left becomes the weakest by far.
              Slices.zero(weight, 0, 0);
            });
    assertTrue(sums.get(0) != 0);
    assertTrue(sums.get(1) != 0, "the zeroed filter should have gone first");
  }

  @Test
  void layerByLayerPrunesOneGroupAStep() {
    ChannelGraph graph = graph();
    List<List<Integer>> seen = new ArrayList<>();
    IterativePruning.layerByLayer(HALF).run(graph, step -> seen.add(widths(graph)));
    assertEquals(List.of(List.of(8, 32, 64), List.of(8, 16, 64), List.of(8, 16, 32)), seen);
  }

  @Test
  void filterByFilterPrunesOneChannelAStep() {
    ChannelGraph graph = graph();
    List<Integer> sizes = new ArrayList<>();
    IterativePruning.filterByFilter(HALF)
        .run(
            graph,
            step -> {
              sizes.add(step.plan().removed());
              assertEquals(56, step.of());
            });
    assertEquals(Collections.nCopies(56, 1), sizes);
    assertEquals(List.of(8, 16, 32), widths(graph));
  }

  @Test
  void theDryRunCutsNothingAndShowsEveryStep() {
    ChannelGraph graph = graph();
    for (IterativePruning schedule :
        List.of(IterativePruning.evenly(HALF, 3), IterativePruning.layerByLayer(HALF))) {
      DryRun dry = schedule.dryRun(graph);
      assertEquals(3, dry.steps().size());
      assertTrue(dry.steps().get(0).plan().macs() > dry.steps().get(1).plan().macs());
      String text = dry.toString();
      assertTrue(text.contains("group 'layer2.0.branch.conv1.weight': 32 -> 16 channels"), text);
      assertTrue(text.contains("layer2.0.branch.conv1.weight  32 -> "), text);
      assertTrue(text.contains("step 3 of 3: MACs "), text);
      assertEquals(List.of(16, 32, 64), widths(graph));
    }
    DryRun dry = IterativePruning.evenly(HALF, 3).dryRun(graph);
    IterativePruning.evenly(HALF, 3)
        .run(
            graph,
            step -> {
              PruningPlan planned = dry.steps().get(step.number() - 1).plan();
              Costs costs = Costs.of(graph.model(), IMAGE);
              assertEquals(planned.macs(), costs.macs());
              assertEquals(planned.parameters(), costs.params());
              assertEquals(step.number() == 3, step.isLast());
            });
  }

  @Test
  void senselessSchedulesAreRefused() {
    assertRefused("at least one step", () -> IterativePruning.evenly(HALF, 0));
    assertRefused("must rise", () -> IterativePruning.at(HALF, 0.5, 0.5, 1));
    assertRefused("must be 1", () -> IterativePruning.at(HALF, 0.5));
    Module model = Models.byName("resnet8", IMAGE, 5).initialize(1);
    Pruner none = HALF.withAmount(Ratios.of(0));
    assertRefused(
        "cuts nothing",
        () -> IterativePruning.layerByLayer(none).dryRun(ChannelGraph.of(model, IMAGE)));
  }
}
