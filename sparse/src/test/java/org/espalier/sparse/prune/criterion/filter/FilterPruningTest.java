package org.espalier.sparse.prune.criterion.filter;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.Rounding;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Asks for the invariants of the method. */
class FilterPruningTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final FilterPruning GREEDY = FilterPruning.greedy();

  /** Three convolutions in a row, of 6, 5 and 4 filters. */
  private static TestNet chain(long seed) {
    TestNet net =
        new TestNet((n, x) -> n.head(n.conv("c", Ops.relu(n.conv("b", Ops.relu(n.conv("a", x)))))))
            .with("a", 6, 3, 3, 3)
            .with("b", 5, 3, 3, 6)
            .with("c", 4, 1, 1, 5)
            .with("fc", 2, 4);
    net.initialize(seed);
    return net;
  }

  private static ChannelGraph graph(Module net) {
    return ChannelGraph.of(net, IMAGE);
  }

  private static Module resnet(long seed) {
    return TestModels.lively(Models.byName("resnet14", IMAGE, 5), seed);
  }

  /** Plans and notes each group's scores by name. */
  private static Map<String, double[]> scores(
      FilterPruning method, ChannelGraph graph, Ratios ratios) {
    Map<String, double[]> seen = new LinkedHashMap<>();
    Criterion sums = method.criterion().on(graph);
    Criterion watched =
        group -> {
          seen.put(group.name(), sums.score(group));
          return seen.get(group.name());
        };
    method.by(watched).plan(graph, ratios);
    return seen;
  }

  @Property(tries = 20)
  void scalingAFilterScalesItsScoreAndSignsDoNotMatter(
      @ForAll @LongRange(min = 0, max = 999) long seed,
      @ForAll @DoubleRange(min = -3, max = 3) double factor) {
    TestNet net = chain(seed);
    ChannelGroup group = graph(net).groupOf("b");
    double[] before = FilterSums.of(StreamPolicy.INNER_ONLY).score(group);
    Parameter weight = net.parameter("b");
    weight.update(
        raw -> {
          for (int e = 54; e < 108; e++) {
            raw.set(e, factor * raw.get(e));
          }
        });
    double[] after = FilterSums.of(StreamPolicy.INNER_ONLY).score(group);
    assertTrue(Arrays.stream(after).allMatch(score -> score >= 0));
    assertEquals(Math.abs(factor) * before[1], after[1], 1e-6 * (1 + before[1]));
    assertEquals(before[0], after[0]);
  }

  @Property(tries = 20)
  void theKeptFiltersHaveTheLargestSum(
      @ForAll @LongRange(min = 0, max = 999) long seed,
      @ForAll @DoubleRange(min = 0, max = 0.95) double ratio) {
    ChannelGraph graph = graph(chain(seed));
    ChannelGroup group = graph.groupOf("a");
    double[] scores = FilterSums.of(StreamPolicy.INNER_ONLY).score(group);
    int[] kept = GREEDY.plan(graph, Ratios.of(ratio)).keep().get(group).toArray();
    double most = 0;
    for (int set = 0; set < 1 << scores.length; set++) {
      if (Integer.bitCount(set) == kept.length) {
        double sum = 0;
        for (int i = 0; i < scores.length; i++) {
          sum += (set >> i & 1) * scores[i];
        }
        most = Math.max(most, sum);
      }
    }
    assertEquals(most, Arrays.stream(kept).mapToDouble(i -> scores[i]).sum(), 1e-9 * most);
  }

  @Property(tries = 20)
  void greedyScoresAreThoseOfTheWeightThatIsCutAlready(
      @ForAll @LongRange(min = 0, max = 999) long seed,
      @ForAll @DoubleRange(min = 0.2, max = 0.9) double ratio) {
    Ratios ratios = Ratios.of(ratio);
    Map<String, double[]> greedy = scores(GREEDY, graph(chain(seed)), ratios);
    Map<String, double[]> independent = scores(GREEDY.independent(), graph(chain(seed)), ratios);
    assertArrayEquals(independent.get("a"), greedy.get("a"));
    ChannelGraph cut = graph(chain(seed));
    for (String layer : new String[] {"a", "b", "c"}) {
      double[] alone = FilterSums.of(StreamPolicy.INNER_ONLY).score(cut.groupOf(layer));
      assertArrayEquals(alone, greedy.get(layer), 1e-5);
      for (int i = 0; i < alone.length; i++) {
        assertTrue(greedy.get(layer)[i] <= independent.get(layer)[i] + 1e-9);
      }
      GREEDY.plan(cut, Ratios.of(0).with(ratio, layer)).apply();
    }
  }

  @Property(tries = 12)
  void greedyFollowsConcatenationsFlattenedMapsAndStreams(
      @ForAll @IntRange(min = 0, max = 3) int family,
      @ForAll @DoubleRange(min = 0.2, max = 0.9) double ratio) {
    String name = List.of("densenet-7-4", "densenet-bc-10-4", "resnet8b", "mlp-12-8").get(family);
    ChannelGraph whole = graph(TestModels.lively(Models.byName(name, IMAGE, 5), 3));
    ChannelGraph cut = graph(TestModels.lively(Models.byName(name, IMAGE, 5), 3));
    Pruner pruner = Pruner.greedy(L1Norm.ofFilters(), Ratios.of(ratio));
    Map<ChannelGroup, Indices> before = new LinkedHashMap<>();
    List<ChannelGroup> twins = cut.prunable();
    pruner
        .plan(whole)
        .keep()
        .forEach(
            (group, kept) -> {
              ChannelGroup twin = twins.get(before.size());
              ChannelGroup left = group.without(new PruningPlan(whole, before).cuts());
              assertEquals(group.name(), twin.name());
              assertArrayEquals(
                  L1Norm.ofFilters().score(twin), L1Norm.ofFilters().score(left), 1e-9);
              twin.cut(kept);
              before.put(group, kept);
            });
    assertEquals(twins.size(), before.size());
  }

  @Property(tries = 10)
  void innerOnlyLeavesStreamsAsTheyAre(
      @ForAll @LongRange(min = 0, max = 999) long seed,
      @ForAll @DoubleRange(min = 0, max = 0.9) double ratio) {
    Module model = resnet(seed);
    Map<String, double[]> before = new LinkedHashMap<>();
    model.state().forEach((path, parameter) -> before.put(path, parameter.raw().toDoubles()));
    Tensor x = TestNet.sample(seed, 2, 8, 8, 3);
    Tensor y = TestNet.infer(model, x);
    PruningPlan plan = GREEDY.plan(graph(model), Ratios.of(ratio));
    assertEquals(6, plan.keep().size());
    plan.apply();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (ratio == 0 || !path.matches("layer.*branch\\.(conv1|bn1|conv2)\\..*")) {
                assertArrayEquals(before.get(path), parameter.raw().toDoubles(), path);
              }
            });
    if (ratio == 0) {
      assertArrayEquals(y.toDoubles(), TestNet.infer(model, x).toDoubles());
    }
  }

  @Property(tries = 10)
  void aLayerOfABlockSavesItsShareOfBothConvolutions(
      @ForAll @IntRange(min = 0, max = 5) int block,
      @ForAll @DoubleRange(min = 0, max = 0.9) double ratio) {
    Module model = resnet(1);
    String layer = "layer%d.%d.branch.conv1".formatted(block / 2 + 1, block % 2);
    ChannelGraph graph = graph(model);
    int n = graph.groupOf(layer + ".weight").size();
    long pixels = 64 >> 2 * (block / 2);
    long in = model.parameter(layer + ".weight").shape().size(-1);
    PruningPlan plan = GREEDY.plan(graph, Ratios.of(0).with(ratio, layer));
    long gone = Rounding.KEEP_FLOOR.pruned(n, ratio);
    assertEquals(gone * 9 * (in + n) * pixels, plan.macsBefore() - plan.macs());
  }

  @Property(tries = 10)
  void permutingFiltersPermutesTheChoice(
      @ForAll @LongRange(min = 0, max = 999) long seed,
      @ForAll @DoubleRange(min = 0, max = 0.9) double ratio) {
    TestNet net = chain(seed);
    boolean[] kept = keptOfFirst(net, ratio);
    int[] turned = {3, 5, 0, 1, 4, 2};
    Tensor before = net.parameter("a").raw().copy();
    net.parameter("a")
        .update(
            raw -> {
              for (int e = 0; e < raw.count(); e++) {
                raw.set(e, before.get(turned[e / 27] * 27 + e % 27));
              }
            });
    boolean[] after = keptOfFirst(net, ratio);
    for (int i = 0; i < 6; i++) {
      assertEquals(kept[turned[i]], after[i]);
    }
  }

  private static boolean[] keptOfFirst(TestNet net, double ratio) {
    ChannelGraph graph = graph(net);
    return GREEDY.plan(graph, Ratios.of(ratio)).keep().get(graph.groupOf("a")).mask();
  }

  @Test
  void atLeastOneFilterStaysAndStrictnessRefuses() {
    ChannelGraph graph = graph(chain(1));
    PruningPlan plan = GREEDY.plan(graph, Ratios.of(0.9));
    assertTrue(plan.keep().values().stream().allMatch(kept -> kept.count() == 1));
    assertRefused(
        "would leave no filter of [a, b, c]", () -> GREEDY.strictly().plan(graph, Ratios.of(0.9)));
    assertEquals(1 + 1 + 1, GREEDY.strictly().plan(graph, Ratios.of(0.2)).removed() - 1);
    assertRefused(
        "cannot be compared",
        () -> new FilterPruning(GREEDY.criterion(), Ranking.GLOBAL, StreamPolicy.SUM, false));
  }

  @Test
  void keepCountsAreThePapers() {
    assertEquals(14, 16 - Rounding.KEEP_FLOOR.pruned(16, 0.1));
    assertEquals(28, 32 - Rounding.KEEP_FLOOR.pruned(32, 0.1));
    assertEquals(57, 64 - Rounding.KEEP_FLOOR.pruned(64, 0.1));
    assertEquals(25, 64 - Rounding.KEEP_FLOOR.pruned(64, 0.6));
  }

  @Test
  void streamsFollowTheirProjectionOrAllTheirLayers() {
    Module model = TestModels.lively(Models.byName("resnet8b", IMAGE, 5), 2);
    ChannelGraph graph = graph(model);
    ChannelGroup stream = graph.groupOf("layer2.0.shortcut.0.weight");
    assertTrue(stream.isStream());
    double[] projection = FilterSums.of(StreamPolicy.PROJECTION).on(graph).score(stream);
    double[] all = FilterSums.of(StreamPolicy.SUM).on(graph).score(stream);
    for (int o = 0; o < 32; o++) {
      double shortcut = row(model.parameter("layer2.0.shortcut.0.weight"), o);
      assertEquals(shortcut, projection[o], 1e-5);
      assertEquals(
          shortcut + row(model.parameter("layer2.0.branch.conv2.weight"), o), all[o], 1e-4);
    }
    Ratios ratios = Ratios.of(0).with(0.2, "layer2.0.shortcut");
    PruningPlan plan = FilterPruning.of(StreamPolicy.PROJECTION).plan(graph, ratios);
    assertEquals(25, plan.keep().get(stream).count());
    assertEquals(Costs.of(model, IMAGE).macs(), plan.macsBefore());
  }

  private static double row(Parameter weight, int row) {
    int each = weight.raw().count() / weight.shape().size(0);
    double sum = 0;
    for (int e = row * each; e < (row + 1) * each; e++) {
      sum += Math.abs(weight.raw().get(e));
    }
    return sum;
  }

  @Test
  void aStreamWithoutAProjectionIsRefused() {
    ChannelGraph graph = graph(resnet(1));
    FilterPruning method = FilterPruning.of(StreamPolicy.PROJECTION);
    assertRefused("without a projection", () -> method.plan(graph, Ratios.of(0.2)));
    assertRefused("inner convolutions only", () -> method.plan(graph, Ratios.of(0.2)));
    assertRefused("read by conv2d", () -> method.plan(graph, Ratios.of(0.2)));
    assertTrue(FilterPruning.of(StreamPolicy.SUM).plan(graph, Ratios.of(0.2)).removed() > 0);
    assertRefused(
        "on(graph)",
        () -> FilterSums.of(StreamPolicy.PROJECTION).score(graph.groupOf("conv1.weight")));
  }
}
