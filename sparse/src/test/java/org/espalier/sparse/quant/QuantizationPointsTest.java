package org.espalier.sparse.quant;

import static org.espalier.sparse.quant.BatchNormFoldingTest.normal;
import static org.espalier.sparse.quant.BatchNormFoldingTest.run;
import static org.espalier.sparse.quant.BatchNormFoldingTest.unsettled;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.autograd.Mode;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.quant.QuantizationPoints.Point;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks where grids stand, and the ranges that calibration finds there. */
class QuantizationPointsTest {
  private static final Shape IMAGE = Shape.of(8, 8, 2);

  /** Gives noise pictures. */
  private record Noise(int count) implements Batches {
    @Override
    public int samples() {
      return 4 * count;
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      return IntStream.range(firstStep, count).mapToObj(Noise::batch).iterator();
    }

    static Batch batch(int number) {
      return new Batch(normal(number, 4, 8, 8, 2), Tensor.indices(0, 1, 2, 0));
    }
  }

  private static ConvConfig same() {
    return ConvConfig.kernel(3).withPadding(1).withBias(false);
  }

  static Sequential net() {
    Sequential branch =
        Sequential.builder()
            .add("conv1", new Conv2d(4, 4, same()))
            .add("bn1", new BatchNorm(4))
            .add("relu", Activation.relu())
            .add("conv2", new Conv2d(4, 4, same()))
            .add("bn2", new BatchNorm(4))
            .build();
    return unsettled(
        Sequential.builder()
            .add("conv", new Conv2d(2, 4, same()))
            .add("bn", new BatchNorm(4))
            .add("relu", Activation.relu())
            .add("max", new MaxPool(2))
            .add("block", new Residual(branch))
            .add("relu2", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(4, 3))
            .build());
  }

  private static List<String> names(List<Point> points) {
    return points.stream().map(Point::name).toList();
  }

  @Test
  void gridsStandWhereIntegerInferenceRoundsAgain() {
    assertEquals(
        List.of(
            "input",
            "relu.output",
            "block.branch.relu.output",
            "block.branch.bn2.output",
            "relu2.output",
            "pool.output",
            "fc.output"),
        names(QuantizationPoints.of(net(), IMAGE)));
    assertEquals(
        List.of(
            "input",
            "relu.output",
            "block.branch.relu.output",
            "block.branch.conv2.output",
            "relu2.output",
            "pool.output",
            "fc.output"),
        names(QuantizationPoints.of(BatchNormFolding.of(net()), IMAGE)));
    List<Point> points = QuantizationPoints.of(net(), IMAGE);
    assertTrue(points.get(6).isModelOutput());
    assertEquals(1, points.stream().filter(Point::isModelOutput).count());
  }

  @Test
  void layersComeInTheOrderInWhichTheyRun() {
    assertEquals(
        List.of("conv", "block.branch.conv1", "block.branch.conv2", "fc"),
        QuantizationPoints.layers(net(), IMAGE).stream()
            .map(QuantizationPoints.Layer::path)
            .toList());
    assertEquals(
        ResNet.cifar(8, 10).modules().values().stream()
            .filter(m -> m instanceof Conv2d || m instanceof Linear)
            .count(),
        QuantizationPoints.layers(ResNet.cifar(8, 10), Shape.of(32, 32, 3)).size());
  }

  @Test
  void aModuleThatRunsTwiceHasOnePointAndTwoPlaces() {
    Conv2d shared = new Conv2d(2, 2, same());
    Sequential net = Sequential.builder().add("a", shared).add("b", shared).build();
    List<Point> points = QuantizationPoints.of(net, IMAGE);
    assertEquals(List.of("input", "a.output"), names(points));
    assertEquals(List.of("a", "a#2"), points.get(1).scopes());
  }

  @Test
  void calibrationFindsTheRangeOfEveryPoint() {
    Sequential net = net();
    List<Point> points = QuantizationPoints.of(net, IMAGE);
    Map<Point, Range> ranges = Calibration.of(new Noise(3)).ranges(net, points);
    assertEquals(points, List.copyOf(ranges.keySet()));
    Range input = Range.of("x", Noise.batch(0).x());
    for (int k = 1; k < 3; k++) {
      input = input.union(Range.of("x", Noise.batch(k).x()));
    }
    assertEquals(input, ranges.get(points.get(0)));
    assertEquals(0, ranges.get(points.get(1)).low());
    Tensor logits = run(net, Noise.batch(1).x(), Mode.INFER);
    Range last = ranges.get(points.get(6));
    assertEquals(last, last.union(Range.of("y", logits)));
    Range fewer =
        Calibration.of(new Noise(3)).withBatches(1).ranges(net, points).get(points.get(0));
    assertEquals(Range.of("x", Noise.batch(0).x()), fewer);
  }

  @Test
  void aCalibratedModelStaysNearAndOnItsGrids() {
    Sequential net = net();
    Module plain = BatchNormFolding.of(net);
    Tensor x = Noise.batch(0).x();
    Tensor expected = run(net, x, Mode.INFER);
    Calibration.of(new Noise(3)).attach(plain, IMAGE);
    QuantizationPoints.layers(plain, IMAGE)
        .forEach(layer -> layer.weight().attach(FakeQuantize.ofWeight(layer.weight())));
    Tensor actual = run(plain, x, Mode.INFER);
    BatchNormFoldingTest.assertClose(expected, actual, 0.1);
    assertTrue(!expected.bitEquals(actual));
    assertTrue(plain.children().get("fc").output().isEmpty());
    assertEquals(1, plain.children().get("relu2").output().parametrizations().size());
  }

  @Test
  void calibrationWithoutBatchesOrWithBrokenValuesIsRefused() {
    Sequential net = net();
    List<Point> points = QuantizationPoints.of(net, IMAGE);
    assertThrows(StateException.class, () -> Calibration.of(new Noise(0)).ranges(net, points));
    assertThrows(IllegalArgumentException.class, () -> Calibration.of(new Noise(1)).withBatches(0));
    net.parameter("bn.bias").update(raw -> raw.set(1, Double.POSITIVE_INFINITY));
    String message =
        assertThrows(StateException.class, () -> Calibration.of(new Noise(1)).ranges(net, points))
            .getMessage();
    assertTrue(message.contains("relu.output"), message);
  }
}
