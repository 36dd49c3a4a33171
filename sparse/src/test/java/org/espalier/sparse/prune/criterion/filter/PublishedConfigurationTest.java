package org.espalier.sparse.prune.criterion.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Asks for the exact costs behind the figures that the paper prints. */
class PublishedConfigurationTest {
  @ParameterizedTest
  @CsvSource({
    "VGG_16_A, 313463808, 206279680, 34.2",
    "RESNET_56_A, 125485696, 112435840, 10.4",
    "RESNET_56_B, 125485696, 90907264, 27.6",
    "RESNET_110_A, 252887680, 212779648, 15.9",
    "RESNET_110_B, 252887680, 155124352, 38.7",
  })
  void cifarNetworksCostWhatThePaperSays(
      PublishedConfiguration configuration, long before, long after, double percent) {
    Module model = configuration.dense();
    ChannelGraph graph = ChannelGraph.of(model, configuration.sampleShape());
    PruningPlan plan =
        configuration.pruner(graph).withCriterion(group -> new double[group.size()]).plan(graph);
    assertEquals(before, plan.macsBefore());
    assertEquals(after, plan.macs());
    assertEquals(percent, 100.0 * (before - after) / before, 0.05);
  }

  /** The figures of the paper leave the three projections out, which nothing changes. */
  @ParameterizedTest
  @CsvSource({"RESNET_34_A, 3080404992", "RESNET_34_B, 2762489856"})
  void imageNetNetworksToo(PublishedConfiguration configuration, long after) {
    Module model = configuration.dense();
    Shape image = configuration.sampleShape();
    ChannelGraph graph = ChannelGraph.of(model, image);
    PruningPlan plan =
        configuration.pruner(graph).withCriterion(group -> new double[group.size()]).plan(graph);
    long projections = 28 * 28 * 64 * 128 + 14 * 14 * 128 * 256 + 7 * 7 * 256 * 512;
    long linear = Costs.of(model, image).linearMacs();
    assertEquals(3_643_981_824L, plan.macsBefore() - projections - linear);
    assertEquals(after, plan.macs() - projections - linear);
  }
}
