package org.espalier.sparse.lowrank;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.TestData;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks the search for ratios: its draws, its objective and its Gaussian process. */
class RankSearchTest {
  private static final Shape IMAGE = Shape.of(4, 4, 3);
  private static final TestData DATA = new TestData(2, 6, 4);

  private static Module net() {
    return ResNet.cifar(8, 5).initialize(3);
  }

  private static RankSearch.Builder search(Module model) {
    return RankSearch.builder(
            model,
            IMAGE,
            copy ->
                Trainer.builder(copy, new CrossEntropy(), Sgd.builder().rate(0.05).build(), DATA)
                    .build()
                    .run(),
            copy -> new Evaluator(new CrossEntropy()).evaluate(copy, DATA).accuracy())
        .seed(4);
  }

  @Test
  void everyTrialStartsFromTheSameWeightsAndCountsAccuracyTwiceAndCostOnce() {
    Module model = net();
    Tensor before = model.parameter("conv1.weight").raw().copy();
    List<Double> starts = new ArrayList<>();
    double[] accuracies = {0.5, 0.25, 0.75, 0.125, 0, 0};
    int[] asked = {0};
    List<Long> macs = new ArrayList<>();
    RankSearch.Result result =
        RankSearch.builder(
                model,
                IMAGE,
                copy -> starts.add(copy.parameter("conv1.weight").raw().get(5)),
                copy -> {
                  macs.add(Costs.of(copy, IMAGE).macs());
                  return accuracies[asked[0]++];
                })
            .lambda(0.5)
            .trials(3)
            .build()
            .run();
    assertEquals(List.of(before.get(5), before.get(5), before.get(5)), starts);
    assertTrue(before.bitEquals(model.parameter("conv1.weight").raw()));
    assertEquals(3, result.trials().size());
    for (int i = 0; i < 3; i++) {
      RankSearch.Trial trial = result.trials().get(i);
      assertEquals(7, trial.pruneRatios().size());
      assertTrue(trial.pruneRatios().stream().allMatch(p -> p >= 0.5 && p <= 0.999));
      assertEquals(macs.get(2 * i + 1) / (double) macs.get(2 * i), trial.macsShare(), 1e-12);
      double wanted = -accuracies[2 * i] - accuracies[2 * i + 1] + 0.5 * trial.macsShare();
      assertEquals(wanted, trial.objective(), 1e-12);
    }
    assertNotEquals(result.trials().get(0).pruneRatios(), result.trials().get(1).pruneRatios());
    int best = result.trials().indexOf(result.best());
    assertTrue(result.trials().stream().allMatch(t -> t.objective() >= result.best().objective()));
    assertArrayEquals(
        result.trials().get(best).pruneRatios().stream()
            .mapToInt(p -> RankPolicy.rank(16, p))
            .limit(1)
            .toArray(),
        Arrays.copyOf(result.policy().ranks(Coverage.CONVOLUTIONS.of(model, IMAGE)), 1));
  }

  @Test
  void ratiosAreLogUniform() {
    List<Double> drawn = new ArrayList<>();
    RankSearch.Result result =
        RankSearch.builder(net(), IMAGE, copy -> {}, copy -> 0)
            .ratios(0.1, 0.9)
            .trials(40)
            .build()
            .run();
    result.trials().forEach(trial -> drawn.addAll(trial.pruneRatios()));
    double below = drawn.stream().filter(p -> p < 0.3).count() / (double) drawn.size();
    // Half of a log-uniform draw lies below the geometric mean.
    assertEquals(0.5, below, 0.12);
  }

  @Test
  void searchesTrainedNetsAndRepeatsItself() {
    RankSearch.Result random = search(net()).trials(3).build().run();
    assertEquals(random, search(net()).trials(3).build().run());
    RankSearch.Result guided = search(net()).trials(4).gaussianProcessBehind(2).build().run();
    assertEquals(random.trials().subList(0, 2), guided.trials().subList(0, 2));
    assertNotEquals(random.trials().get(2), guided.trials().get(2));
    assertEquals(4, guided.trials().size());
  }

  @Test
  void theProcessLooksWhereTheFunctionIsLow() {
    List<double[]> points = new ArrayList<>();
    double[] values = new double[12];
    Random random = Random.of(3).stream("points");
    for (int i = 0; i < values.length; i++) {
      points.add(new double[] {random.uniform(2L * i), random.uniform(2L * i + 1)});
      values[i] = bowl(points.get(i));
    }
    ExpectedImprovement improvement = new ExpectedImprovement(points, values);
    assertTrue(improvement.at(0.3, 0.6) > 5 * improvement.at(0.9, 0.1), "near the minimum");
    // Nothing is gained at a point that is known.
    for (double[] known : points) {
      assertTrue(improvement.at(known) < 0.05, Arrays.toString(known));
    }
    double[] chosen = null;
    for (int i = 0; i < 500; i++) {
      double[] point = {random.uniform(100 + 2L * i), random.uniform(101 + 2L * i)};
      chosen = chosen == null || improvement.at(point) > improvement.at(chosen) ? point : chosen;
    }
    assertTrue(bowl(chosen) < Arrays.stream(values).min().orElseThrow(), Arrays.toString(chosen));
  }

  private static double bowl(double... x) {
    return 5 + 3 * ((x[0] - 0.3) * (x[0] - 0.3) + (x[1] - 0.6) * (x[1] - 0.6));
  }

  @Test
  void badOptionsAreRefused() {
    RankSearch.Builder builder = search(net());
    assertRefused("inside (0, 1)", () -> builder.ratios(0.5, 1));
    assertRefused("lambda", () -> builder.lambda(-1));
    assertRefused("at least 1", () -> builder.trials(0));
    assertRefused("at least 1", () -> builder.gaussianProcessBehind(0));
  }
}
