package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.IMAGE;
import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.espalier.sparse.prune.TestNets.chain;
import static org.espalier.sparse.prune.TestNets.optionA;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Checks cuts: what they refuse, change, remember and save. */
class ChannelSelectionTest {
  @Test
  void impossibleRequestsAreRefusedBeforeAnythingChanges() {
    TestNet net = chain();
    net.initialize(1);
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    assertRefused("index 6", () -> graph.select("c1", 0, 6));
    assertRefused("twice", () -> graph.select("c1", 0, 2, 2));
    assertRefused("nothing would be left of 'c1'", () -> graph.groupOf("c1").cut(Indices.of(6)));
    assertRefused("out of 5", () -> graph.groupOf("c1").cut(Indices.of(5, 0)));
    assertRefused("nothing is coupled", () -> graph.select("c1", 1, 0));
    net.parameter("bn_bias").setTrainable(false);
    assertRefused("frozen", () -> graph.select("c1", 0, 1).cut());
    net.parameter("bn_bias").setTrainable(true);
    net.parameter("c2").convert(DType.F64);
    assertRefused("mix", () -> graph.select("c1", 0, 1).cut());
    assertEquals(Shape.of(6, 3, 3, 3), net.parameter("c1").shape());
  }

  @Test
  void normsWithoutAffineOrStatisticsLoseWhatTheyHave() {
    for (BatchNormConfig config :
        List.of(
            BatchNormConfig.PYTORCH.withoutAffine(),
            BatchNormConfig.PYTORCH.withoutRunningStats())) {
      Module model =
          Sequential.builder()
              .add("conv", new Conv2d(3, 6, 1))
              .add("bn", new BatchNorm(6, config))
              .add("flatten", new Flatten())
              .add("fc", new Linear(96, 2))
              .build()
              .initialize(1);
      ChannelGraph.of(model, IMAGE).select("conv.weight", 0, 1, 4).cut();
      model.modules().get("bn").ownParameters().values().stream()
          .filter(parameter -> parameter.dtype().isFloating())
          .forEach(parameter -> assertEquals(Shape.of(4), parameter.shape(), parameter.name()));
      assertEquals(Shape.of(2, 64), model.parameter("fc.weight").shape());
      assertEquals(Shape.of(2, 2), TestNet.infer(model, TestNet.sample(1, 2, 4, 4, 3)).shape());
    }
  }

  @Test
  void cuttingNothingChangesNothing() {
    TestNet net = chain();
    TestNet same = chain();
    net.initialize(1);
    same.initialize(1);
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    graph.groupOf("c1").cut(Indices.all(6));
    graph.select("c1", 0).cut();
    assertSameBits(same, net);
    assertEquals(List.of(), graph.history());
  }

  @Test
  void cuttingInnerChannelsRemovesTheirShareOfBothConvolutions() {
    TestNet net = chain();
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    long head = 8;
    long both = graph.macs() - head;
    for (int going = 0; going < 6; going++) {
      int first = going;
      Indices kept = Indices.where(6, i -> i < first);
      ChannelSelection cut = graph.groupOf("c1").selection(kept);
      assertEquals(both * (6 - going) / 6, graph.forecast().macsWithout(cut.units()) - head);
    }
  }

  @Test
  void cutsInTwoStepsEqualOneCutBitForBit() {
    TestNet once = chain();
    TestNet twice = chain();
    once.initialize(7);
    twice.initialize(7);
    ChannelGraph.of(once, IMAGE).select("c1", 0, 1, 4).cut();
    ChannelGraph.of(twice, IMAGE).select("c1", 0, 1).cut();
    ChannelGraph.of(twice, IMAGE).select("c1", 0, 3).cut();
    assertSameBits(once, twice);
  }

  @Test
  void historyReplaysOnAFreshModel() {
    TestNet cut = optionA();
    TestNet fresh = optionA();
    cut.initialize(7);
    fresh.initialize(7);
    ChannelGraph graph = ChannelGraph.of(cut, IMAGE);
    graph.select("b", 0, 0, 2).cut();
    graph.select("b", 0, 1).cut();
    ChannelGraph.of(fresh, IMAGE).replay(graph.history());
    assertSameBits(cut, fresh);
  }

  @Test
  void predictedCostIsTheCostOfTheCutModel() {
    TestNet net = chain();
    net.initialize(1);
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    assertEquals(16 * (6 * 27 + 4 * 54) + 8, graph.macs());
    graph.select("c1", 0, 0, 1).cut();
    assertEquals(16 * (4 * 27 + 4 * 36) + 8, graph.macs());
    assertEquals(graph.macs(), ChannelGraph.of(net, IMAGE).macs());
  }

  private static void assertSameBits(Module expected, Module actual) {
    expected
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(actual.parameter(path).raw()), path));
  }
}
