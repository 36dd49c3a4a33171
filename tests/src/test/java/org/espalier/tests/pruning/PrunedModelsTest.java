package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Costs;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.model.Models;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Prunes every family of models, and small nets with everything hard in them, by random legal
 * plans: the cut model computes what the silenced one does, costs what was predicted, trains, and
 * comes back from its file.
 */
class PrunedModelsTest {
  private static final int CLASSES = 5;

  @Provide
  Arbitrary<String> smallModels() {
    List<String> names = new ArrayList<>(SmallNets.NAMES);
    names.addAll(
        List.of(
            "mlp-12-8",
            "resnet8",
            "resnet14",
            "resnet8b",
            "wrn-10-1",
            "wrn-16-0.5",
            "densenet-7-4",
            "densenet-bc-10-4"));
    return Arbitraries.of(names);
  }

  @Property(tries = 60)
  void randomPlansAreCutAsPredicted(
      @ForAll("smallModels") String name, @ForAll @LongRange(min = 0, max = 1 << 20) long seed)
      throws IOException {
    Shape sample = Shape.of(8, 8, 3);
    boolean small = SmallNets.NAMES.contains(name);
    check(small ? SmallNets.of(name) : Models.byName(name, sample, CLASSES), sample, seed);
  }

  @ParameterizedTest
  @CsvSource({
    "lenet5, 28, 1",
    "lenet-caffe, 28, 1",
    "mnist_cnn, 28, 1",
    "vgg16, 16, 3",
    "mobilenetv2, 16, 3",
    "resnet20, 16, 3",
    "wrn-16-2, 8, 3",
    "resnet18, 32, 3",
    "resnet50, 32, 3"
  })
  void oneRandomPlanOfEachLargeModel(String name, int side, int channels) throws IOException {
    Shape sample = Shape.of(side, side, channels);
    check(Models.byName(name, sample, CLASSES), sample, name.length());
  }

  private static void check(Module model, Shape sample, long seed) throws IOException {
    lively(model, seed);
    ChannelGraph graph = ChannelGraph.of(model, sample);
    PruningPlan plan = pruner(Random.of(seed).stream("pruner"), seed).plan(graph);
    Tensor x = noise(sample.batched(3), seed);
    Module trial = graph.trial(plan.cuts());
    plan.cuts().silence();
    double[] expected = predict(model, x);
    assertClose(expected, predict(trial, x));

    plan.apply();

    assertClose(expected, predict(model, x));
    Costs costs = Costs.of(model, sample);
    assertEquals(plan.macs(), costs.macs());
    assertEquals(plan.parameters(), costs.params());
    assertEquals(graph.macs(), costs.macs());
    assertEquals(plan.removed() > 0, costs.params() < plan.parametersBefore());
    trainsOneStep(model, x);
    comesBack(model, x);
  }

  private static Pruner pruner(Random random, long seed) {
    double share = 0.05 + 0.8 * random.uniform(0);
    Amount amount =
        switch ((int) (3 * random.uniform(1))) {
          case 0 -> Ratios.of(share);
          case 1 -> Budget.macs(1 - 0.5 * share);
          default -> Budget.parameters(1 - 0.5 * share);
        };
    int ranking = (int) (3 * random.uniform(2));
    boolean strict = amount instanceof Ratios && random.uniform(3) < 0.5;
    return Pruner.local(new RandomScore(seed), amount)
        .withRanking(Ranking.values()[ranking])
        .withRoundTo(strict ? 1 + (int) (4 * random.uniform(4)) : 1)
        .withMinChannels(strict ? 1 + (int) (3 * random.uniform(5)) : 1);
  }

  private static void trainsOneStep(Module model, Tensor x) {
    List<double[]> before = new ArrayList<>();
    model.parameters().forEach(parameter -> before.add(parameter.raw().toDoubles()));
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var loss =
          Losses.crossEntropy(
              model.apply(pass, pass.input(x)), pass.input(Tensor.indices(0, 1, 2)));
      assertTrue(Double.isFinite(loss.value().item()));
      Gradients gradients = Walk.gradient(loss);
      Sgd.builder().rate(0.1).momentum(0.9).build().step(Step.of(pass.tape(), gradients));
    }
    int moved = 0;
    for (int i = 0; i < before.size(); i++) {
      Parameter parameter = model.parameters().get(i);
      double[] after = parameter.raw().toDoubles();
      for (double value : after) {
        assertTrue(Double.isFinite(value), parameter.name());
      }
      assertEquals(
          parameter.shape(), parameter.slots().values().iterator().next().tensor().shape());
      moved += java.util.Arrays.equals(before.get(i), after) ? 0 : 1;
    }
    assertTrue(moved > 0);
  }

  private static void comesBack(Module model, Tensor x) throws IOException {
    double[] expected = predict(model, x);
    Path file = Files.createTempFile("pruned", ".safetensors");
    try {
      Checkpoint.save(file, Snapshot.of(model, Map.of()));
      assertArrayEquals(expected, predict(Checkpoint.model(file), x));
    } finally {
      Files.delete(file);
    }
  }

  /** Draws values, and statistics of batch norms that are not neutral. */
  private static void lively(Module model, long seed) {
    model.initialize(seed);
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (module instanceof BatchNorm norm) {
                Random random = Random.of(seed).stream(path);
                fill(norm.gamma(), Init.uniform(0.5, 1.5), random.stream("gamma"));
                fill(norm.beta(), Init.normal(0, 0.3), random.stream("beta"));
                fill(norm.runningMean(), Init.normal(0, 0.3), random.stream("mean"));
                fill(norm.runningVariance(), Init.uniform(0.5, 1.5), random.stream("variance"));
              }
            });
  }

  private static void fill(Parameter parameter, Init init, Random random) {
    parameter.update(raw -> init.fill(raw, random));
  }

  private static Tensor noise(Shape shape, long seed) {
    Tensor x = Tensor.zeros(shape.sizes());
    Init.normal(0, 1).fill(x, Random.of(seed).stream("noise"));
    return x;
  }

  private static double[] predict(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().toDoubles();
    }
  }

  private static void assertClose(double[] expected, double[] actual) {
    double most = 0;
    for (double value : expected) {
      most = Math.max(most, Math.abs(value));
    }
    assertFalse(Double.isNaN(most));
    assertArrayEquals(expected, actual, 1e-5 * (1 + most));
  }
}
