package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ChannelGraphTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);

  /** Writes a selection as {@code path/axis[indices]}, sorted by path. */
  private static String print(List<Member> members) {
    return members.stream()
        .map(m -> m.path() + "/" + m.axis() + Ranges.of(m.indices()))
        .sorted()
        .collect(Collectors.joining(" "));
  }

  private static String closure(TestNet net, Shape sample, String path, int axis, int... indices) {
    return print(ChannelGraph.of(net, sample).select(path, axis, indices).members());
  }

  private static Var head(TestNet net, org.espalier.nn.Pass pass, Var x) {
    return net.linear(pass, "fc", Ops.globalAveragePool(x));
  }

  private static TestNet chain() {
    return new TestNet(
            (net, pass, x) -> {
              Var h = Ops.relu(net.scale(pass, "bn", net.conv(pass, "c1", x)));
              return head(net, pass, Ops.relu(net.conv(pass, "c2", h)));
            })
        .with("c1", 6, 3, 3, 3)
        .with("c1_b", 6)
        .norm("bn", 6)
        .with("c2", 4, 3, 3, 6)
        .with("fc", 2, 4)
        .with("fc_b", 2);
  }

  @Test
  void chainTiesRowsNormAndColumns() {
    String expected = "bn_bias/0[1, 3] bn_weight/0[1, 3] c1/0[1, 3] c1_b/0[1, 3] c2/3[1, 3]";
    assertEquals(expected, closure(chain(), IMAGE, "c1", 0, 1, 3));
    assertEquals(expected, closure(chain(), IMAGE, "c2", 3, 3, 1));
    assertEquals(expected, closure(chain(), IMAGE, "bn_bias", 0, 1, 3));
  }

  @Test
  void residualAddTiesAllProducersOfTheStream() {
    TestNet net =
        new TestNet(
                (n, pass, x) -> {
                  Var t = Ops.relu(n.conv(pass, "stem", x));
                  Var branch = n.conv(pass, "b", Ops.relu(n.conv(pass, "a", t)));
                  return head(n, pass, Ops.relu(Ops.add(branch, t)));
                })
            .with("stem", 5, 3, 3, 3)
            .with("a", 4, 3, 3, 5)
            .with("b", 5, 3, 3, 4)
            .with("fc", 2, 5);
    assertEquals("a/3[1] b/0[1] fc/1[1] stem/0[1]", closure(net, IMAGE, "b", 0, 1));
    assertEquals("a/0[2] b/3[2]", closure(net, IMAGE, "a", 0, 2));
  }

  @Test
  void concatTiesWithAnOffset() {
    TestNet net =
        new TestNet(
                (n, pass, x) -> {
                  Var p = n.conv(pass, "p", x);
                  Var q = n.conv(pass, "q", x);
                  return head(
                      n,
                      pass,
                      n.conv(pass, "mix", n.scale(pass, "bn", Tape.run(new Concat(3), p, q))));
                })
            .with("p", 3, 1, 1, 3)
            .with("q", 4, 3, 3, 3)
            .norm("bn", 7)
            .with("mix", 5, 1, 1, 7)
            .with("fc", 2, 5);
    assertEquals(
        "bn_bias/0[3, 5] bn_weight/0[3, 5] mix/3[3, 5] q/0[0, 2]",
        closure(net, IMAGE, "q", 0, 0, 2));
    assertEquals(
        "bn_bias/0[2, 3] bn_weight/0[2, 3] mix/3[2, 3] p/0[2] q/0[0]",
        closure(net, IMAGE, "mix", 3, 2, 3));
  }

  @Test
  void flattenTiesAChannelToItsColumnsAtEveryPixel() {
    TestNet net =
        new TestNet(
                (n, pass, x) -> n.linear(pass, "fc", Ops.flatten(Ops.relu(n.conv(pass, "c", x)))))
            .with("c", 5, 3, 3, 3)
            .with("fc", 4, 2 * 2 * 5);
    assertEquals("c/0[3] fc/1[3, 8, 13, 18]", closure(net, Shape.of(2, 2, 3), "c", 0, 3));
    assertEquals("c/0[3] fc/1[3, 8, 13, 18]", closure(net, Shape.of(2, 2, 3), "fc", 1, 13));
  }

  @Test
  void depthwiseTakesWholeChannelsAndItsMultiplierRows() {
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(n, pass, n.conv(pass, "dm", n.conv(pass, "dw", n.conv(pass, "pw", x)))))
            .with("pw", 3, 1, 1, 3)
            .with("dw", 3, 3, 3, 1)
            .with("dm", 6, 3, 3, 1)
            .with("fc", 2, 6);
    assertEquals("dm/0[2, 3] dw/0[1] fc/1[2, 3] pw/0[1]", closure(net, IMAGE, "pw", 0, 1));
    assertEquals("dm/0[2, 3] dw/0[1] fc/1[2, 3] pw/0[1]", closure(net, IMAGE, "fc", 1, 3));
  }

  @Test
  void groupedConvolutionLosesTheSameOffsetsInEveryGroup() {
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(
                        n,
                        pass,
                        n.conv(pass, "c2", Ops.relu(n.conv(pass, "gc", n.conv(pass, "c1", x))))))
            .with("c1", 8, 1, 1, 3)
            .with("gc", 6, 3, 3, 4)
            .with("gc_b", 6)
            .with("c2", 4, 1, 1, 6)
            .with("fc", 2, 4);
    assertEquals("c1/0[1, 5] gc/3[1]", closure(net, IMAGE, "c1", 0, 5));
    assertEquals("c2/3[2, 5] gc/0[2, 5] gc_b/0[2, 5]", closure(net, IMAGE, "gc", 0, 2));
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    assertEquals(4, graph.groupOf("c1").size());
    assertEquals(3, graph.groupOf("gc").size());
  }

  @Test
  void channelShuffleByGatherIsFollowedAndRenumbered() {
    // Two groups of three: output k reads channel (k mod 2)·3 + k / 2.
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(
                        n,
                        pass,
                        n.conv(
                            pass, "c2", Ops.gather(n.conv(pass, "c1", x), n.value(pass, "i"), -1))))
            .with("c1", 6, 1, 1, 3)
            .index("i", 0, 3, 1, 4, 2, 5)
            .with("c2", 4, 1, 1, 6)
            .with("fc", 2, 4);
    net.initialize(1);
    assertEquals("c1/0[3] c2/3[1] i/0[1]", closure(net, IMAGE, "c1", 0, 3));
    assertCutEqualsSilenced(net, IMAGE, "c1", 0, 3, 2);
    assertArrayEquals(new int[] {0, 1, 2, 3}, net.parameter("i").raw().i32());
  }

  @Test
  void channelShuffleByRearrangeKeepsItsGroupsEqual() {
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(n, pass, n.conv(pass, "c2", Ops.channelShuffle(n.conv(pass, "c1", x), 2))))
            .with("c1", 6, 1, 1, 3)
            .with("c2", 4, 1, 1, 6)
            .with("fc", 2, 4);
    net.initialize(2);
    // The number of groups is fixed, so both groups lose the same offset.
    assertEquals("c1/0[0, 3] c2/3[0, 1]", closure(net, IMAGE, "c1", 0, 3));
    assertEquals("c1/0[2, 5] c2/3[4, 5]", closure(net, IMAGE, "c2", 3, 4));
    assertCutEqualsSilenced(net, IMAGE, "c1", 0, 4);
  }

  @Test
  void optionAPaddingMapsOldChannelsAndLeavesZeroesFree() {
    TestNet net = optionA();
    net.initialize(1);
    assertEquals("b/0[2] b/3[1] fc/1[2] i/0[2] stem/0[1]", closure(net, IMAGE, "stem", 0, 1));
    assertEquals("b/0[0] fc/1[0] i/0[0]", closure(net, IMAGE, "b", 0, 0));
    assertCutEqualsSilenced(net, IMAGE, "b", 0, 0, 2);
    assertArrayEquals(new int[] {0, 1, -1}, net.parameter("i").raw().i32());
  }

  private static TestNet optionA() {
    return new TestNet(
            (n, pass, x) -> {
              Var t = Ops.relu(n.conv(pass, "stem", x));
              Var wide = Ops.gather(t, n.value(pass, "i"), -1);
              return head(n, pass, Ops.relu(Ops.add(n.conv(pass, "b", t), wide)));
            })
        .with("stem", 3, 3, 3, 3)
        .with("b", 5, 3, 3, 3)
        .index("i", -1, 0, 1, 2, -1)
        .with("fc", 2, 5);
  }

  @Test
  void sliceByGatherDropsWhatNobodyReads() {
    TestNet net =
        new TestNet(
                (n, pass, x) -> {
                  Var h = n.conv(pass, "c", x);
                  Var left = n.conv(pass, "l", Ops.gather(h, n.value(pass, "il"), -1));
                  Var right = n.conv(pass, "r", Ops.gather(h, n.value(pass, "ir"), -1));
                  return head(n, pass, Ops.add(left, right));
                })
            .with("c", 5, 1, 1, 3)
            .index("il", 0, 1)
            .index("ir", 2, 3, 4)
            .with("l", 4, 1, 1, 2)
            .with("r", 4, 1, 1, 3)
            .with("fc", 2, 4);
    net.initialize(2);
    assertEquals("c/0[3] ir/0[1] r/3[1]", closure(net, IMAGE, "c", 0, 3));
    assertCutEqualsSilenced(net, IMAGE, "c", 0, 0, 3);
    assertArrayEquals(new int[] {0}, net.parameter("il").raw().i32());
    assertArrayEquals(new int[] {1, 2}, net.parameter("ir").raw().i32());
  }

  @Test
  void squeezeAndExciteTiesTheGateToTheChannel() {
    TestNet net =
        new TestNet(
                (n, pass, x) -> {
                  Var h = n.conv(pass, "c", x);
                  Var squeeze = Ops.relu(n.linear(pass, "down", Ops.globalAveragePool(h)));
                  return head(n, pass, Ops.gate(h, Ops.sigmoid(n.linear(pass, "up", squeeze))));
                })
            .with("c", 6, 3, 3, 3)
            .with("down", 2, 6)
            .with("up", 6, 2)
            .with("up_b", 6)
            .with("fc", 2, 6);
    net.initialize(3);
    assertEquals("c/0[4] down/1[4] fc/1[4] up/0[4] up_b/0[4]", closure(net, IMAGE, "c", 0, 4));
    assertEquals("down/0[1] up/1[1]", closure(net, IMAGE, "down", 0, 1));
    assertCutEqualsSilenced(net, IMAGE, "up", 0, 1, 4);
  }

  @Test
  void learnedSlopesGoWithTheirChannel() {
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(n, pass, Ops.prelu(n.conv(pass, "c", x), n.value(pass, "slope"))))
            .with("c", 4, 3, 3, 3)
            .with("slope", 4)
            .with("fc", 2, 4);
    net.initialize(4);
    assertEquals("c/0[2] fc/1[2] slope/0[2]", closure(net, IMAGE, "c", 0, 2));
    assertCutEqualsSilenced(net, IMAGE, "c", 0, 2);
  }

  @Test
  void aModuleCalledTwiceTiesItsInputsToItsOutputs() {
    TestNet net =
        new TestNet(
                (n, pass, x) ->
                    head(
                        n,
                        pass,
                        n.conv(pass, "c", Ops.relu(n.conv(pass, "c", n.conv(pass, "stem", x))))))
            .with("stem", 4, 1, 1, 3)
            .with("c", 4, 3, 3, 4)
            .with("fc", 2, 4);
    net.initialize(5);
    assertEquals("c/0[1] c/3[1] fc/1[1] stem/0[1]", closure(net, IMAGE, "stem", 0, 1));
    assertCutEqualsSilenced(net, IMAGE, "fc", 1, 1, 3);
  }

  @Test
  void inputsAndOutputsArePinnedWithTheReason() {
    ChannelGraph graph = ChannelGraph.of(chain(), IMAGE);
    ChannelGroup classes = graph.groupOf("fc");
    assertFalse(classes.isPrunable());
    assertEquals(List.of("reaches the model's output"), classes.pins());
    Exception e = assertThrows(IllegalArgumentException.class, () -> classes.cut(Indices.of(2, 0)));
    assertTrue(e.getMessage().contains("reaches the model's output"), e.getMessage());
    assertTrue(e.getMessage().contains("fc_b"), e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> graph.select("c1", 3, 0));

    TestNet depthwise =
        new TestNet((n, pass, x) -> head(n, pass, n.conv(pass, "dw", x)))
            .with("dw", 3, 3, 3, 1)
            .with("fc", 2, 3);
    ChannelGraph onInput = ChannelGraph.of(depthwise, IMAGE);
    assertEquals(List.of("reaches the model's input"), onInput.groupOf("dw").pins());
  }

  @Test
  void outputsMayBeCutWhenAllowed() {
    TestNet net = chain();
    net.initialize(1);
    ChannelGraph.builder(net, IMAGE).allowOutputs().build().select("fc", 0, 1).cut();
    assertEquals(Shape.of(1, 4), net.parameter("fc").shape());
    assertEquals(Shape.of(1), net.parameter("fc_b").shape());
  }

  @Test
  void ignoredLayersPinWhatTheyMakeButNotWhatTheyRead() {
    ChannelGraph graph = ChannelGraph.builder(chain(), IMAGE).ignore("c2").build();
    assertEquals(List.of("layer 'c2' is ignored"), graph.groupOf("c2").pins());
    assertTrue(graph.groupOf("c1").isPrunable());
    assertThrows(
        IllegalArgumentException.class, () -> ChannelGraph.builder(chain(), IMAGE).ignore("c9"));
  }

  @Test
  void groupsPrintTheirMembersAndReasons() {
    String text = ChannelGraph.of(chain(), IMAGE).groupOf("c1").toString();
    assertEquals(
        String.join(
            "\n",
            "group 'c1': 6 channels, prunable",
            "  root  out    c1         axis 0  [0-5]  made by conv2d",
            "        out    c1_b       axis 0  [0-5]  shifted by conv2d",
            "        both   bn_weight  axis 0  [0-5]  channel by channel in scale",
            "        both   bn_bias    axis 0  [0-5]  channel by channel in scale",
            "        in     c2         axis 3  [0-5]  read by conv2d"),
        text);
  }

  @Test
  void impossibleRequestsAreRefusedBeforeAnythingChanges() {
    TestNet net = chain();
    net.initialize(1);
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    assertMessage("index 6", () -> graph.select("c1", 0, 6));
    assertMessage("twice", () -> graph.select("c1", 0, 2, 2));
    assertMessage("nothing would be left of 'c1'", () -> graph.groupOf("c1").cut(Indices.of(6)));
    assertMessage("out of 5", () -> graph.groupOf("c1").cut(Indices.of(5, 0)));
    assertMessage("nothing is coupled", () -> graph.select("c1", 1, 0));
    net.parameter("bn_bias").setTrainable(false);
    assertMessage("frozen", () -> graph.select("c1", 0, 1).cut());
    net.parameter("bn_bias").setTrainable(true);
    net.parameter("c2").convert(org.espalier.tensor.DType.F64);
    assertMessage("mix", () -> graph.select("c1", 0, 1).cut());
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
    same.state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(net.parameter(path).raw()), path));
    assertEquals(List.of(), graph.history());
  }

  @Test
  void cuttingInnerChannelsRemovesTheirShareOfBothConvolutions() {
    TestNet net = chain();
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    long head = 8;
    long both = graph.macs() - head;
    for (int going = 0; going < 6; going++) {
      Indices kept = Indices.where(6, new java.util.TreeSet<>(range(going))::contains);
      ChannelSelection cut = graph.groupOf("c1").selection(kept);
      assertEquals(both * (6 - going) / 6, graph.macsWithout(cut.units()) - head);
    }
  }

  private static List<Integer> range(int count) {
    return java.util.stream.IntStream.range(0, count).boxed().toList();
  }

  @Test
  void anAddOfDifferentWidthsNamesBothProducers() {
    Module model =
        Sequential.builder()
            .add("stem", new Conv2d(3, 4, 1))
            .add("block", new Residual(new Conv2d(4, 5, 1), new Conv2d(4, 6, 1)))
            .build();
    Exception e = assertThrows(ShapeException.class, () -> ChannelGraph.of(model, IMAGE));
    assertTrue(e.getMessage().contains("block.branch and block.shortcut"), e.getMessage());
  }

  @Test
  void columnsThatAreNoMultipleOfTheChannelsAreRefused() {
    Module model =
        Sequential.builder()
            .add("conv", new Conv2d(3, 4, 1))
            .add("flatten", new Flatten())
            .add("fc", new Linear(66, 2))
            .build();
    Exception e = assertThrows(ShapeException.class, () -> ChannelGraph.of(model, IMAGE));
    assertTrue(e.getMessage().contains("66") && e.getMessage().contains("64"), e.getMessage());
  }

  private static void assertMessage(String part, org.junit.jupiter.api.function.Executable body) {
    Exception e = assertThrows(Exception.class, body);
    assertTrue(e instanceof IllegalArgumentException || e instanceof StateException, e.toString());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void aGraphFollowsItsOwnCutsAndNoticesForeignOnes() {
    TestNet net = chain();
    net.initialize(1);
    ChannelGraph graph = ChannelGraph.of(net, IMAGE);
    ChannelGroup group = graph.groupOf("c1");
    group.cut(Indices.of(6, 0, 2, 3, 5));
    assertEquals(4, group.size());
    assertEquals("[0-3]", Ranges.of(group.root().indices()));
    group.cut(Indices.of(4, 1, 2));
    assertEquals(Shape.of(2, 3, 3, 3), net.parameter("c1").shape());
    assertEquals(Shape.of(4, 3, 3, 2), net.parameter("c2").shape());
    net.parameter("c2").cut(3, Indices.of(2, 0));
    assertMessage("changed elsewhere", () -> group.cut(Indices.of(2, 0)));
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
    once.state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(twice.parameter(path).raw()), path));
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
    cut.state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(fresh.parameter(path).raw()), path));
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

  /** Zeroes the channels' producers, norms and columns, cuts them, and compares outputs. */
  private static void assertCutEqualsSilenced(
      TestNet net, Shape sample, String path, int axis, int... indices) {
    Tensor x = TestNet.sample(11, 3, sample.size(0), sample.size(1), sample.size(2));
    ChannelGraph graph = ChannelGraph.of(net, sample);
    ChannelSelection selection = graph.select(path, axis, indices);
    selection.silence();
    Tensor silenced = TestNet.infer(net, x);
    selection.cut();
    Tensor cut = TestNet.infer(net, x);
    assertEquals(silenced.shape(), cut.shape());
    double most = 0;
    for (double v : silenced.toDoubles()) {
      most = Math.max(most, Math.abs(v));
    }
    assertTrue(most > 0.01, "a dead network proves nothing");
    assertArrayEquals(silenced.toDoubles(), cut.toDoubles(), 1e-5 * (1 + most));
  }
}
