package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cuts random channels out of every family of models. */
class ModelCutTest {
  @Provide
  Arbitrary<String> smallModels() {
    return Arbitraries.of(
        "mlp-12-8",
        "resnet8",
        "resnet14",
        "resnet8b",
        "wrn-10-1",
        "wrn-16-0.5",
        "densenet-7-4",
        "densenet-bc-10-4");
  }

  @Property(tries = 40)
  void silencedAndCutAgree(
      @ForAll("smallModels") String name, @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    check(name, Shape.of(8, 8, 3), seed);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lenet5", "lenet-caffe", "mnist_cnn", "mobilenetv2", "vgg16", "resnet18"})
  void silencedAndCutAgreeInLargeModels(String name) {
    check(
        name,
        name.startsWith("le") || name.startsWith("mn") ? Shape.of(28, 28, 1) : Shape.of(32, 32, 3),
        1);
  }

  /** Streams of which some blocks are scattered and others are not. */
  @Property(tries = 10)
  void silencedAndCutAgreeInExtractedModels(@ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Shape sample = Shape.of(8, 8, 3);
    Module model = TestModels.lively(Models.byName("resnet14", sample, 5), seed);
    for (String layer : new String[] {"layer1.0", "layer2.1"}) {
      Slices.zero(model.parameter(layer + ".branch.conv2.weight"), 0, 1, 5, 6);
    }
    Compact.extract(model, sample, Compact.Mode.STREAM_FULL, MaskPolicy.DROP_CONSTANT);
    assertTrue(model.state().containsKey("layer1.0.branch.scatter.index"));
    assertTrue(!model.state().containsKey("layer1.1.branch.scatter.index"));
    check(model, sample, seed);
  }

  private static void check(String name, Shape sample, long seed) {
    check(TestModels.lively(Models.byName(name, sample, 5), seed), sample, seed);
  }

  private static void check(Module model, Shape sample, long seed) {
    ChannelGraph graph = ChannelGraph.of(model, sample);
    PruningPlan plan = randomPlan(graph, seed);
    ChannelSelection cuts = plan.cuts();
    long going = removed(cuts);
    long params = Costs.of(model, sample).params();
    cuts.silence();
    Tensor one = TestNet.sample(seed, 1, sample.size(0), sample.size(1), sample.size(2));
    Tensor three = TestNet.sample(seed + 1, 3, sample.size(0), sample.size(1), sample.size(2));
    Tensor silencedOne = TestNet.infer(model, one);
    Tensor silencedThree = TestNet.infer(model, three);

    plan.apply();

    TestModels.assertClose(silencedOne, TestNet.infer(model, one));
    TestModels.assertClose(silencedThree, TestNet.infer(model, three));
    Costs costs = Costs.of(model, sample);
    assertEquals(plan.macs(), costs.macs());
    assertEquals(plan.parameters(), costs.params());
    assertEquals(graph.macs(), costs.macs());
    assertTrue(going > 0);
    assertEquals(params - going, costs.params());
  }

  @Property(tries = 12)
  void everyMemberOfAChannelLeadsBackToTheSameChannel(
      @ForAll("smallModels") String name, @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Shape sample = Shape.of(8, 8, 3);
    ChannelGraph graph = ChannelGraph.of(Models.byName(name, sample, 5).initialize(1), sample);
    for (ChannelGroup group : graph.groups()) {
      int channel = Random.of(seed).stream(group.name()).permutation(group.size())[0];
      ChannelSelection one = group.selection(Indices.of(group.size(), channel));
      String footprint = one.toString();
      for (Member member : one.members()) {
        assertEquals(
            footprint, graph.select(member.path(), member.axis(), member.indices()).toString());
      }
    }
  }

  @Property(tries = 16)
  void permutingTheChannelsOfAGroupPermutesItsScoresAndNothingElse(
      @ForAll("smallModels") String name, @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Shape sample = Shape.of(8, 8, 3);
    Module model = TestModels.lively(Models.byName(name, sample, 5), seed);
    Tensor x = TestNet.sample(seed, 2, 8, 8, 3);
    Tensor before = TestNet.infer(model, x);
    for (ChannelGroup group : ChannelGraph.of(model, sample).prunable()) {
      if (group.members().stream().noneMatch(member -> member.side() == Side.INDEX)) {
        int[] order = Random.of(seed).stream(group.name()).permutation(group.size());
        double[] scores = L2Norm.ofGroups().score(group);
        group.members().forEach(member -> permute(member, order));
        double[] permuted = L2Norm.ofGroups().score(group);
        for (int channel = 0; channel < order.length; channel++) {
          assertEquals(scores[order[channel]], permuted[channel], 1e-9 * scores[order[channel]]);
        }
      }
    }
    TestModels.assertClose(before, TestNet.infer(model, x));
  }

  /** Puts what belongs to channel {@code order[k]} at channel k. */
  private static void permute(Member member, int... order) {
    Tensor before = member.parameter().raw().copy();
    Map<Integer, Integer> source = new LinkedHashMap<>();
    for (int channel = 0; channel < order.length; channel++) {
      int[] to = member.units().get(channel);
      int[] from = member.units().get(order[channel]);
      for (int i = 0; i < to.length; i++) {
        source.put(to[i], from[i]);
      }
    }
    int inner = before.shape().count(member.axis() + 1, before.shape().rank());
    member
        .parameter()
        .update(
            raw ->
                source.forEach(
                    (to, from) ->
                        Slices.visit(
                            raw,
                            member.axis(),
                            to,
                            e -> raw.set(e, before.get(e + (from - to) * inner)))));
  }

  /** Returns a plan that takes at least one channel: the last of the first group. */
  private static PruningPlan randomPlan(ChannelGraph graph, long seed) {
    Map<ChannelGroup, Indices> keep = new LinkedHashMap<>();
    for (ChannelGroup group : graph.prunable()) {
      Random random = Random.of(seed).stream(group.name() + group.size());
      double share = random.uniform(group.size());
      int candidates = keep.isEmpty() ? group.size() - 1 : group.size();
      keep.put(
          group,
          Indices.where(group.size(), i -> i == 0 || i < candidates && random.uniform(i) < share));
    }
    return new PruningPlan(graph, keep);
  }

  /** Counts the trainable numbers at indices that go, each once. */
  private static long removed(ChannelSelection cuts) {
    Map<Parameter, Map<Integer, Integer>> gone = new LinkedHashMap<>();
    for (Member member : cuts.members()) {
      if (!member.parameter().isBuffer()) {
        gone.computeIfAbsent(member.parameter(), p -> new LinkedHashMap<>())
            .merge(member.axis(), member.indices().length, Integer::sum);
      }
    }
    long removed = 0;
    for (Map.Entry<Parameter, Map<Integer, Integer>> entry : gone.entrySet()) {
      Shape shape = entry.getKey().shape();
      Shape after = shape;
      for (Map.Entry<Integer, Integer> axis : entry.getValue().entrySet()) {
        after = after.with(axis.getKey(), shape.size(axis.getKey()) - axis.getValue());
      }
      removed += shape.count() - after.count();
    }
    return removed;
  }
}
