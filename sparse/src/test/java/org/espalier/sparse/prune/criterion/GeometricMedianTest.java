package org.espalier.sparse.prune.criterion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class GeometricMedianTest {
  @Test
  void scoresAreSumsOfDistancesToAllFiltersOfTheLayer() {
    TestNet net =
        new TestNet((n, x) -> n.linear("fc", n.linear("a", x))).with("a", 3, 2).with("fc", 1, 3);
    net.initialize(1);
    net.parameter("a").set(Tensor.of(Shape.of(3, 2), 0f, 0f, 3f, 4f, 0f, 1f));
    double last = Math.sqrt(9 + 9);
    assertArrayEquals(
        new double[] {5 + 1, 5 + last, 1 + last},
        new GeometricMedian().score(ChannelGraph.of(net, Shape.of(2)).groupOf("a")),
        1e-6);
  }
}
