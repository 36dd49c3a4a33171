package org.espalier.sparse.prune.criterion;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Side;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportance;
import org.espalier.sparse.prune.criterion.filter.FilterSums;
import org.espalier.sparse.prune.criterion.filter.MapActivity;
import org.espalier.sparse.prune.criterion.filter.MapStatistic;
import org.espalier.sparse.prune.criterion.filter.StreamPolicy;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRankImportance;
import org.espalier.sparse.prune.criterion.nisp.NeuronImportance;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Asks every criterion for what all must do: a row buys scores that are finite, one a channel, the
 * same when asked again and permuted with the channels, a model that is left alone, and a plan to
 * half of the multiply-accumulates of every family of models.
 */
class CriterionTableTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final TestData DATA = new TestData(2, 4, 8);

  static Stream<Arguments> criteria() {
    return Stream.of(
        Arguments.of("l1", L1Norm.ofFilters()),
        Arguments.of("l1 of groups", L1Norm.ofGroups()),
        Arguments.of("l2", L2Norm.ofGroups()),
        Arguments.of("largest first", new Reversed(L1Norm.ofFilters())),
        Arguments.of("l1 by group means", new Normalised(L1Norm.ofFilters(), Normaliser.MEAN)),
        Arguments.of("filter sums", FilterSums.of(StreamPolicy.SUM)),
        Arguments.of("map activity", MapActivity.of(MapStatistic.MEAN_STD, DATA)),
        Arguments.of("bn", BatchNormImportance.of()),
        Arguments.of("hrank", FeatureMapRankImportance.of(DATA, 8)),
        Arguments.of("nisp", NeuronImportance.of(DATA)),
        // region: row
        Arguments.of("fpgm", new GeometricMedian())
        // end region
        );
  }

  private static Module model(String name) {
    return TestModels.lively(Models.byName(name, IMAGE, 5), 3);
  }

  @ParameterizedTest
  @MethodSource("criteria")
  void scoresAreFiniteAndRepeatAndLeaveTheModelAlone(String name, Criterion criterion) {
    Module model = model("resnet8b");
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Map<String, double[]> before = new LinkedHashMap<>();
    model.state().forEach((path, parameter) -> before.put(path, parameter.raw().toDoubles()));
    for (ChannelGroup group : graph.prunable()) {
      double[] scores = criterion.on(graph).score(group);
      assertEquals(group.size(), scores.length);
      for (double score : scores) {
        assertTrue(Double.isFinite(score), group.name());
      }
      assertArrayEquals(scores, criterion.on(graph).score(group), group.name());
    }
    model
        .state()
        .forEach(
            (path, parameter) ->
                assertArrayEquals(before.get(path), parameter.raw().toDoubles(), path));
  }

  @ParameterizedTest
  @MethodSource("criteria")
  void scoresMoveWithTheChannels(String name, Criterion criterion) {
    Module model = model("resnet8b");
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    for (ChannelGroup group : graph.prunable()) {
      int[] order = Random.of(5).stream(group.name()).permutation(group.size());
      double[] scores = criterion.on(graph).score(group);
      group.members().forEach(member -> permute(member, order));
      double[] moved = criterion.on(graph).score(group);
      for (int channel = 0; channel < order.length; channel++) {
        double expected = scores[order[channel]];
        assertEquals(expected, moved[channel], 1e-4 * (1 + Math.abs(expected)), group.name());
      }
    }
  }

  /** Puts what belongs to channel {@code order[k]} at channel k, on axes of one index a channel. */
  private static void permute(Member member, int... order) {
    if (member.side() == Side.INDEX) {
      return;
    }
    Tensor before = member.parameter().raw().copy();
    int inner = before.shape().count(member.axis() + 1, before.shape().rank());
    int size = before.shape().size(member.axis());
    member
        .parameter()
        .update(
            raw -> {
              for (int e = 0; e < raw.count(); e++) {
                int to = e / inner % size;
                raw.set(e, before.get(e + (order[to] - to) * inner));
              }
            });
  }

  @ParameterizedTest
  @MethodSource("criteria")
  void everyFamilyIsPrunedToHalf(String name, Criterion criterion) {
    for (String family :
        new String[] {"mlp-12-8", "resnet8", "wrn-10-1", "densenet-7-4", "densenet-bc-10-4"}) {
      if (name.equals("bn") && family.startsWith("mlp")) {
        assertRefused("no batch norm", () -> criterion.on(ChannelGraph.of(model(family), IMAGE)));
        continue;
      }
      ChannelGraph graph = ChannelGraph.of(model(family), IMAGE);
      PruningPlan plan = Pruner.global(criterion, Budget.macs(0.5)).plan(graph);
      plan.apply();
      assertTrue(graph.macs() <= plan.macsBefore() / 2, family);
      assertEquals(plan.macs(), graph.macs(), family);
    }
  }
}
