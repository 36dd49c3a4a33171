package org.espalier.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.nn.Module;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.criterion.GeometricMedian;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Runs what {@code docs/adding-a-criterion.md} shows. */
class AddingACriterionTest {
  @Test
  void theNewCriterionIsUsedLikeAnyOther() {
    // region: use
    Module model = ResNet.cifar(20, 10).initialize(0);
    ChannelGraph graph = ChannelGraph.of(model, Shape.of(32, 32, 3));
    Pruner pruner = Pruner.local(new GeometricMedian(), Budget.macs(0.5)).innerOnly();
    PruningPlan plan = pruner.plan(graph);
    String why = plan.explain(); // the dry run: each group, what is coupled, the costs after
    plan.apply();
    // end region
    assertTrue(why.contains("group 'layer1.0.branch.conv1.weight'"), why);
    assertEquals(plan.macs(), graph.macs());
    assertTrue(plan.macs() <= plan.macsBefore() / 2);
  }
}
