package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class BudgetTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);

  private static ChannelGraph graph(String name) {
    return ChannelGraph.of(Models.byName(name, IMAGE, 5).initialize(1), IMAGE);
  }

  @Property(tries = 30)
  void theBudgetIsMetAndOneChannelLessWouldNotMeetIt(
      @ForAll @DoubleRange(min = 0.3, max = 1) double share,
      @ForAll @IntRange(min = 0, max = 7) int form) {
    ChannelGraph graph = graph(form < 4 ? "resnet8" : "densenet-7-4");
    boolean macs = form % 2 == 0;
    Budget budget = macs ? Budget.macs(share) : Budget.parameters(share);
    PruningPlan plan = Pruner.global(new RandomScore(form), budget).plan(graph);
    double limit = share * (macs ? plan.macsBefore() : plan.parametersBefore());
    assertTrue((macs ? plan.macs() : plan.parameters()) <= limit * (1 + 1e-9));
    boolean needed = plan.cuts().size() == 0;
    for (Map.Entry<ChannelGroup, Indices> entry : plan.keep().entrySet()) {
      Map<ChannelGroup, Indices> more = new java.util.LinkedHashMap<>(plan.keep());
      int[] out = entry.getValue().complement().toArray();
      if (out.length > 0) {
        more.put(
            entry.getKey(), Indices.where(entry.getValue().size(), with(entry.getValue(), out[0])));
        PruningPlan larger = new PruningPlan(graph, more);
        needed |= (macs ? larger.macs() : larger.parameters()) > limit;
      }
    }
    assertTrue(needed, () -> "some group gave a channel too many:\n" + plan);
  }

  private static java.util.function.IntPredicate with(Indices kept, int more) {
    boolean[] mask = kept.mask();
    return i -> mask[i] || i == more;
  }

  @Test
  void localBudgetsTakeOneRatioOfAllGroups() {
    ChannelGraph graph = graph("resnet8");
    PruningPlan plan = Pruner.local(L1Norm.ofFilters(), Budget.macs(0.5)).innerOnly().plan(graph);
    // 16, 32 and 64 channels; inner channels enter both convolutions of a block.
    List<Integer> kept = plan.keep().values().stream().map(Indices::count).toList();
    assertEquals(kept.get(1), kept.get(2) / 2, 1);
    assertEquals(kept.get(0), kept.get(2) / 4, 1);
    assertTrue(plan.macs() <= plan.macsBefore() / 2);
    assertTrue(plan.macs() > 0.48 * plan.macsBefore());
  }

  @Test
  void latencyIsMeasuredOnReallySmallerCopies() {
    ChannelGraph graph = graph("resnet8");
    List<Long> measured = new ArrayList<>();
    Budget budget =
        Budget.latency(
            400_000,
            model -> {
              long macs = Costs.of(model, IMAGE).macs();
              measured.add(macs);
              return macs;
            });
    PruningPlan plan = Pruner.global(L1Norm.ofGroups(), budget).plan(graph);
    assertTrue(plan.macsBefore() > 500_000);
    assertTrue(plan.macs() <= 400_000 && plan.macs() > 380_000, plan.costs());
    assertTrue(measured.contains(plan.macs()));
    assertTrue(measured.size() < 16, measured.toString());
    assertEquals(plan.macsBefore(), Costs.of(graph.model(), IMAGE).macs());
  }

  @Test
  void stepsOnTheWayToALatencyStartAtTheWholeModels() {
    ChannelGraph graph = graph("resnet8");
    Module model = graph.model();
    long whole = Costs.of(model, IMAGE).macs();
    Budget budget = Budget.latency(0.5 * whole, copy -> Costs.of(copy, IMAGE).macs());
    List<Double> left = new ArrayList<>();
    IterativePruning.evenly(Pruner.global(L1Norm.ofGroups(), budget), 3)
        .run(graph, step -> left.add((double) Costs.of(model, IMAGE).macs() / whole));
    assertEquals(5 / 6.0, left.get(0), 0.03);
    assertEquals(4 / 6.0, left.get(1), 0.03);
    assertEquals(3 / 6.0, left.get(2), 0.03);
  }

  @Test
  void whatCannotBeMetIsRefused() {
    ChannelGraph graph = graph("resnet8");
    Pruner pruner = Pruner.global(L1Norm.ofGroups(), Budget.macs(0.1)).withMinChannels(8);
    assertRefused("cannot fall to", () -> pruner.plan(graph));
    assertRefused("layer1.0.branch.conv1.weight", () -> pruner.plan(graph));
    Pruner none = Pruner.local(L1Norm.ofGroups(), Budget.macs(0.5)).only(group -> false);
    assertRefused("no group", () -> none.plan(graph));
    for (double share : new double[] {0, 1.1, Double.NaN}) {
      assertRefused("(0, 1]", () -> Budget.macs(share));
      assertRefused("(0, 1]", () -> Budget.parameters(share));
    }
    assertRefused("above 0", () -> Budget.latency(0, model -> 1));
  }
}
