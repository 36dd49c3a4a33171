package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.IMAGE;
import static org.espalier.sparse.prune.TestNets.chain;
import static org.espalier.sparse.prune.TestNets.optionA;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks which channels of which parameters go together, by what the calls say. */
class ChannelGraphTest {
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
                (n, x) -> {
                  Var t = Ops.relu(n.conv("stem", x));
                  Var branch = n.conv("b", Ops.relu(n.conv("a", t)));
                  return n.head(Ops.relu(Ops.add(branch, t)));
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
                (n, x) -> {
                  Var p = n.conv("p", x);
                  Var q = n.conv("q", x);
                  return n.head(n.conv("mix", n.scale("bn", Tape.run(new Concat(3), p, q))));
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
        new TestNet((n, x) -> n.linear("fc", Ops.flatten(Ops.relu(n.conv("c", x)))))
            .with("c", 5, 3, 3, 3)
            .with("fc", 4, 2 * 2 * 5);
    assertEquals("c/0[3] fc/1[3, 8, 13, 18]", closure(net, Shape.of(2, 2, 3), "c", 0, 3));
    assertEquals("c/0[3] fc/1[3, 8, 13, 18]", closure(net, Shape.of(2, 2, 3), "fc", 1, 13));
  }

  @Test
  void depthwiseTakesWholeChannelsAndItsMultiplierRows() {
    TestNet net =
        new TestNet((n, x) -> n.head(n.conv("dm", n.conv("dw", n.conv("pw", x)))))
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
        new TestNet((n, x) -> n.head(n.conv("c2", Ops.relu(n.conv("gc", n.conv("c1", x))))))
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
        new TestNet((n, x) -> n.head(n.conv("c2", Ops.gather(n.conv("c1", x), n.value("i"), -1))))
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
        new TestNet((n, x) -> n.head(n.conv("c2", Ops.channelShuffle(n.conv("c1", x), 2))))
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

  @Test
  void sliceByGatherDropsWhatNobodyReads() {
    TestNet net =
        new TestNet(
                (n, x) -> {
                  Var h = n.conv("c", x);
                  Var left = n.conv("l", Ops.gather(h, n.value("il"), -1));
                  Var right = n.conv("r", Ops.gather(h, n.value("ir"), -1));
                  return n.head(Ops.add(left, right));
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
                (n, x) -> {
                  Var h = n.conv("c", x);
                  Var squeeze = Ops.relu(n.linear("down", Ops.globalAveragePool(h)));
                  return n.head(Ops.gate(h, Ops.sigmoid(n.linear("up", squeeze))));
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
        new TestNet((n, x) -> n.head(Ops.prelu(n.conv("c", x), n.value("slope"))))
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
        new TestNet((n, x) -> n.head(n.conv("c", Ops.relu(n.conv("c", n.conv("stem", x))))))
            .with("stem", 4, 1, 1, 3)
            .with("c", 4, 3, 3, 4)
            .with("fc", 2, 4);
    net.initialize(5);
    assertEquals("c/0[1] c/3[1] fc/1[1] stem/0[1]", closure(net, IMAGE, "stem", 0, 1));
    assertCutEqualsSilenced(net, IMAGE, "fc", 1, 1, 3);
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

  /** Zeroes the channels' producers, norms and columns, cuts them, and compares outputs. */
  private static void assertCutEqualsSilenced(
      TestNet net, Shape sample, String path, int axis, int... indices) {
    Tensor x = TestNet.sample(11, 3, sample.size(0), sample.size(1), sample.size(2));
    ChannelSelection selection = ChannelGraph.of(net, sample).select(path, axis, indices);
    selection.silence();
    Tensor silenced = TestNet.infer(net, x);
    selection.cut();
    double most = Arrays.stream(silenced.toDoubles()).map(Math::abs).max().orElse(0);
    assertTrue(most > 0.01, "a dead network proves nothing");
    TestModels.assertClose(silenced, TestNet.infer(net, x));
  }
}
