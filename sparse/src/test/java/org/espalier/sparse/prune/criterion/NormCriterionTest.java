package org.espalier.sparse.prune.criterion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.autograd.op.Ops;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class NormCriterionTest {
  private static final double EPS = 1e-6;

  /** Rows (3, 4) and (0, 1) with bias 2, slope 7; columns (1, 5) over two pixels each. */
  private static ChannelGroup group() {
    TestNet net =
        new TestNet(
                (n, x) -> n.linear("fc", Ops.flatten(Ops.prelu(n.conv("c", x), n.value("slope")))))
            .with("c", 2, 1, 1, 2)
            .with("c_b", 2)
            .with("slope", 2)
            .with("fc", 1, 4);
    net.initialize(1);
    net.parameter("c").set(Tensor.of(Shape.of(2, 1, 1, 2), 3f, 4f, 0f, 1f));
    net.parameter("c_b").set(Tensor.of(Shape.of(2), 2f, -2f));
    net.parameter("slope").set(Tensor.of(Shape.of(2), 7f, 7f));
    net.parameter("fc").set(Tensor.of(Shape.of(1, 4), 1f, 5f, -1f, 5f));
    return ChannelGraph.of(net, Shape.of(1, 2, 2)).groupOf("c");
  }

  private static double[] l1(MemberReduction reduction, boolean biases) {
    return new L1Norm(reduction, Normaliser.NONE, biases).score(group());
  }

  @Test
  void rowsAndColumnsVoteAndPixelsAddUp() {
    assertArrayEquals(new double[] {7 + 2, 1 + 10}, l1(MemberReduction.SUM, false), EPS);
    assertArrayEquals(new double[] {4.5, 5.5}, l1(MemberReduction.MEAN, false), EPS);
    assertArrayEquals(new double[] {7, 10}, l1(MemberReduction.MAX, false), EPS);
    assertArrayEquals(new double[] {14, 10}, l1(MemberReduction.PROD, false), EPS);
    assertArrayEquals(new double[] {7, 1}, l1(MemberReduction.FIRST, false), EPS);
    assertArrayEquals(new double[] {7, 1}, L1Norm.ofFilters().score(group()), EPS);
  }

  @Test
  void squaresTakeNoRoot() {
    assertArrayEquals(new double[] {25, 1}, L2Norm.ofFilters().score(group()), EPS);
  }

  @Test
  void biasesAndSlopesVoteOnlyWhenAsked() {
    assertArrayEquals(
        new double[] {7 + 2 + 2 + 7, 1 + 10 + 2 + 7}, l1(MemberReduction.SUM, true), EPS);
  }

  @Test
  void equalOffsetsOfAGroupedConvolutionAreAveraged() {
    TestNet net =
        new TestNet((n, x) -> n.head(n.conv("gc", n.conv("c1", x))))
            .with("c1", 4, 1, 1, 1)
            .with("gc", 2, 1, 1, 2)
            .with("fc", 1, 2);
    net.initialize(1);
    net.parameter("c1").set(Tensor.of(Shape.of(4, 1, 1, 1), 1f, 2f, 3f, 6f));
    ChannelGroup group = ChannelGraph.of(net, Shape.of(2, 2, 1)).groupOf("c1");
    assertEquals(2, group.size());
    assertArrayEquals(new double[] {2, 4}, L1Norm.ofFilters().score(group), EPS);
  }
}
