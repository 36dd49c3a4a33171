package org.espalier.sparse.prune;

import static org.espalier.sparse.prune.TestNets.IMAGE;
import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.espalier.sparse.prune.TestNets.chain;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.espalier.nn.Indices;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Checks what groups say of themselves and which of them may be cut. */
class ChannelGroupTest {
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
        new TestNet((n, x) -> n.head(n.conv("dw", x))).with("dw", 3, 3, 3, 1).with("fc", 2, 3);
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
    assertRefused("changed elsewhere", () -> group.cut(Indices.of(2, 0)));
  }
}
