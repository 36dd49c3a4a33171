package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.Vgg;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.sharing.WeightClustering;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks how ranks are chosen. */
class RankPolicyTest {
  private static final Shape IMAGE = Shape.of(6, 6, 3);

  private static Sequential two() {
    ConvConfig config = ConvConfig.kernel(3).withPadding(1).withoutBias();
    Sequential net =
        Sequential.builder()
            .add("a", new Conv2d(3, 10, config))
            .add("b", new Conv2d(10, 6, config))
            .add("bn", new BatchNorm(6))
            .build();
    net.initialize(1);
    return net;
  }

  private static int[] ranks(RankPolicy policy, Module net) {
    return policy.checkedRanks(Coverage.CONVOLUTIONS.withoutRectification().of(net, IMAGE));
  }

  @Test
  void ratiosAreTruncatedAsThePapersCodeDoesButNeverToZero() {
    assertEquals(3, RankPolicy.rank(10, 0.7));
    assertEquals(1, RankPolicy.rank(10, 0.99));
    assertEquals(10, RankPolicy.rank(10, 0));
    assertArrayEquals(new int[] {3, 1}, ranks(RankPolicy.ratio(0.7), two()));
    assertArrayEquals(new int[] {5, 6}, ranks(RankPolicy.ratios(0.5, 0), two()));
    for (double p : new double[] {-0.1, 1, Double.NaN}) {
      assertRefused("[0, 1)", () -> RankPolicy.ratio(p));
    }
    assertRefused("b: low rank", () -> ranks(RankPolicy.ratios(0.5, 1), two()));
  }

  @Test
  void listsMustFitLayersAndRanks() {
    assertArrayEquals(new int[] {10, 1}, ranks(RankPolicy.list(10, 1), two()));
    assertRefused("[1, 2, 3] for 2 layers [a, b]", () -> ranks(RankPolicy.list(1, 2, 3), two()));
    assertRefused(
        "rank of b must lie between 1 and 6, got 7", () -> ranks(RankPolicy.list(1, 7), two()));
    assertRefused(
        "rank of a must lie between 1 and 10, got 0", () -> ranks(RankPolicy.list(0, 1), two()));
    assertRefused("2 layers", () -> ranks(layers -> new int[1], two()));
  }

  @Test
  void floorsLiftRanksUpToTheFullOne() {
    assertArrayEquals(new int[] {4, 6}, ranks(RankPolicy.ratio(0.9).withFloors(4, 100), two()));
    List<LowRankLayer> vgg = Coverage.CONVOLUTIONS.of(Vgg.cifar(16, 10), Shape.of(32, 32, 3));
    int[] ranks = RankPolicy.ratio(0.999).withFloors(18, 43).checkedRanks(vgg);
    int[] wanted = new int[13];
    Arrays.fill(wanted, 43);
    wanted[0] = 18;
    assertArrayEquals(wanted, ranks);
  }

  @Test
  void stepsRoundUpToWholeVectorsButNotBeyondTheFullRank() {
    assertArrayEquals(new int[] {4, 4}, ranks(RankPolicy.list(3, 4).inStepsOf(4), two()));
    assertArrayEquals(new int[] {8, 6}, ranks(RankPolicy.list(5, 5).inStepsOf(4), two()));
    assertArrayEquals(new int[] {3, 4}, ranks(RankPolicy.list(3, 4).inStepsOf(1), two()));
    assertRefused("at least 1", () -> RankPolicy.ratio(0.5).inStepsOf(0));
  }

  private static void setSigma(Module net, String path, double... sigma) {
    Tensor weight = net.parameter(path).raw();
    Tensor diagonal = Tensor.zeros(DType.F32, weight.shape());
    int columns = weight.count() / weight.shape().size(0);
    for (int i = 0; i < sigma.length; i++) {
      diagonal.set(i * columns + i, sigma[i]);
    }
    net.parameter(path).set(diagonal);
  }

  @Test
  void energyAndNumericalRanksReadTheSingularValues() {
    Sequential net = two();
    setSigma(net, "a.weight", 3, 2, 1, 1, 1e-4);
    setSigma(net, "b.weight", 1);
    assertArrayEquals(new int[] {2, 1}, ranks(RankPolicy.energy(13.0 / 15.1), net));
    assertArrayEquals(new int[] {3, 1}, ranks(RankPolicy.energy(13.1 / 15), net));
    assertArrayEquals(new int[] {5, 1}, ranks(RankPolicy.energy(1), net));
    assertArrayEquals(new int[] {4, 1}, ranks(RankPolicy.numerical(1e-3), net));
    assertArrayEquals(new int[] {5, 1}, ranks(RankPolicy.numerical(1e-6), net));
    assertRefused("(0, 1]", () -> RankPolicy.energy(0));
    assertRefused("[0, 1)", () -> RankPolicy.numerical(1));
  }

  @Test
  void energyIsThatOfTheMergedMatrixWhereANormTakesPart() {
    Sequential net = two();
    setSigma(net, "a.weight", 1);
    setSigma(net, "b.weight", 1, 1, 1);
    net.parameter("bn.weight").set(Tensor.of(Shape.of(6), 9f, 1, 1, 1, 1, 1));
    net.parameter("bn.running_mean").set(Tensor.full(DType.F32, Shape.of(6), 1));
    assertArrayEquals(new int[] {1, 3}, ranks(RankPolicy.energy(0.9), net));
    assertArrayEquals(
        new int[] {1, 1},
        RankPolicy.energy(0.9).checkedRanks(Coverage.CONVOLUTIONS.of(net, IMAGE)));
  }

  /** Asked again, a share of the energy that is left would be fewer values still. */
  @Test
  void ranksByEnergyAreNotAskedAgainOfAProjectedModel() {
    Module model =
        TestModels.lively(ResNet.cifar(8, 3, 5, ResNet.Shortcut.OPTION_B, false).initialize(3), 5);
    RankPolicy policy = RankPolicy.energy(0.8).withFloors(1, 1);
    assertTrue(policy.readsWeights());
    LowRankProjection projection = LowRankProjection.builder(Shape.of(4, 4, 3), policy).build();
    projection.project(model);
    Map<String, Tensor> projected = new HashMap<>();
    model.state().forEach((path, parameter) -> projected.put(path, parameter.raw().copy()));

    projection.runDone(model);

    projected.forEach(
        (path, raw) ->
            assertArrayEquals(raw.toDoubles(), model.state().get(path).raw().toDoubles(), path));
  }

  @Test
  void weightsThatAreNotStoredAsSuchAreRefusedAtOnce() {
    Module model = ResNet.cifar(8, 3, 5, ResNet.Shortcut.OPTION_B, false).initialize(3);
    WeightClustering.attach(model.parameter("layer3.0.branch.conv1.weight"), 4);
    StateException refused =
        assertThrows(
            StateException.class,
            () -> LowRankProjection.ratio(Shape.of(4, 4, 3), 0.5).project(model));
    assertTrue(refused.getMessage().contains("layer3.0.branch.conv1"), refused.getMessage());
  }
}
