package org.espalier.sparse.prune.criterion.filter;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Map;
import org.espalier.autograd.op.Ops;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.TestData;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class MapActivityTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(3, 5, 4);

  /** Filters that copy a colour, with biases; a rectifier must not show in the maps. */
  private static ChannelGraph graph() {
    TestNet net =
        new TestNet((n, x) -> n.head(Ops.relu(n.conv("c", x))))
            .with("c", 3, 1, 1, 3)
            .with("c_b", 3)
            .with("fc", 5, 3);
    net.initialize(1);
    net.parameter("c").set(Tensor.of(Shape.of(3, 1, 1, 3), 1f, 0, 0, 0, -2f, 0, 0, 0, 0));
    net.parameter("c_b").set(Tensor.of(Shape.of(3), 0f, 1f, -3f));
    return ChannelGraph.of(net, IMAGE);
  }

  /** Returns the statistics of one filter, computed from the maps themselves. */
  private static Map<MapStatistic, Double> expected(int channel, double factor, double bias) {
    double[] mean = new double[15];
    double[] deviation = new double[15];
    double[] l1 = new double[15];
    double[] l2 = new double[15];
    for (int image = 0; image < 15; image++) {
      double[] x = DATA.batch(image / 5).x().toDoubles();
      double squares = 0;
      for (int pixel = 0; pixel < 16; pixel++) {
        double o = factor * x[(image % 5 * 16 + pixel) * 3 + channel] + bias;
        mean[image] += o / 16;
        l1[image] += Math.abs(o);
        squares += o * o;
      }
      deviation[image] = Math.sqrt(Math.max(0, squares / 16 - mean[image] * mean[image]));
      l2[image] = Math.sqrt(squares);
    }
    double meanL2 = average(l2);
    double[] offs = new double[15];
    for (int i = 0; i < 15; i++) {
      offs[i] = (l2[i] - meanL2) * (l2[i] - meanL2);
    }
    return Map.of(
        MapStatistic.MEAN_MEAN, average(mean),
        MapStatistic.MEAN_STD, average(deviation),
        MapStatistic.MEAN_L1, average(l1),
        MapStatistic.MEAN_L2, meanL2,
        MapStatistic.VAR_L2, average(offs));
  }

  private static double average(double... values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum / values.length;
  }

  @Test
  void statisticsAreThoseOfTheMapsBeforeTheActivationOverAllImages() {
    ChannelGraph graph = graph();
    for (MapStatistic statistic : MapStatistic.values()) {
      double[] scores = MapActivity.of(statistic, DATA).on(graph).score(graph.groupOf("c"));
      double[] wanted = {
        expected(0, 1, 0).get(statistic),
        expected(1, -2, 1).get(statistic),
        expected(2, 0, -3).get(statistic)
      };
      assertArrayEquals(wanted, scores, 1e-5, statistic.toString());
    }
  }

  @Test
  void scoresWithoutMapsAreRefused() {
    assertRefused(
        "ask on(graph) first",
        () -> MapActivity.of(MapStatistic.MEAN_L1, DATA).score(graph().groupOf("c")));
    assertRefused("no images", () -> MapActivity.of(MapStatistic.MEAN_L1, new TestData(0, 5, 4)));
  }
}
