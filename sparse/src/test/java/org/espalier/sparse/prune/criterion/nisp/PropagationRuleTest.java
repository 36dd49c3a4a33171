package org.espalier.sparse.prune.criterion.nisp;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.ChannelShuffle;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.LayerNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.Softmax;
import org.espalier.nn.layer.SqueezeExcite;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PropagationRuleTest {
  private static final Shape IMAGE = Shape.of(8, 8, 3);
  private static final PropagationRule DEFAULT = PropagationRule.DEFAULT;

  private static double[] positive(long seed, int count) {
    double[] values = new double[count];
    Arrays.setAll(values, i -> 0.1 + Random.of(seed).uniform(i));
    return values;
  }

  private static Tensor input(Shape image) {
    return Tensor.zeros(image.batched(1).sizes()).fill(1);
  }

  private static double[] back(Module model, Shape image, Rule rule, double... score) {
    Recording recording = Recording.ofNumbers(model, input(image));
    Tensor seed = Tensor.zeros(recording.output().shape().sizes());
    for (int e = 0; e < seed.count(); e++) {
      seed.set(e, score[e]);
    }
    return Walk.run(recording.output(), seed, rule).of(recording.input()).toDoubles();
  }

  private static Module lenet(long seed) {
    return Sequential.of(
            new Conv2d(3, 4, ConvConfig.kernel(3).withPadding(1)),
            Activation.relu(),
            new MaxPool(2),
            new Conv2d(4, 6, ConvConfig.kernel(3).withGroups(2)),
            Activation.tanh(),
            new Flatten(),
            new Linear(24, 5))
        .initialize(seed);
  }

  @Property(tries = 20)
  void scoresAreLinearInWhatTheyStartFrom(@ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Module model = lenet(seed);
    double[] s = positive(seed, 5);
    double[] t = positive(seed + 1, 5);
    double[] mixed = new double[5];
    Arrays.setAll(mixed, i -> 2 * s[i] + 3 * t[i]);
    double[] first = back(model, IMAGE, DEFAULT, s);
    double[] second = back(model, IMAGE, DEFAULT, t);
    double[] both = back(model, IMAGE, DEFAULT, mixed);
    for (int e = 0; e < both.length; e++) {
      assertTrue(first[e] >= 0);
      assertEquals(2 * first[e] + 3 * second[e], both[e], 1e-5 * both[e] + 1e-9);
    }
    for (double nothing : back(model, IMAGE, DEFAULT, new double[5])) {
      assertEquals(0, nothing);
    }
  }

  @Test
  void neitherSignsNorBiasesMatter() {
    Module model = lenet(3);
    double[] before = back(model, IMAGE, DEFAULT, positive(1, 5));
    for (String path : new String[] {"0.weight", "3.weight", "6.weight"}) {
      model.parameter(path).update(raw -> raw.set(3, -raw.get(3)));
    }
    for (String path : new String[] {"0.bias", "3.bias", "6.bias"}) {
      model.parameter(path).update(raw -> raw.fill(9));
    }
    assertArrayEquals(before, back(model, IMAGE, DEFAULT, positive(1, 5)));
  }

  /** With positive weights and inputs, and nothing subtracted, rectifiers do nothing. */
  @ParameterizedTest
  @ValueSource(strings = {"resnet8", "resnet8b", "wrn-10-1", "densenet-7-4", "mlp-12-8"})
  void theWalkIsTheGradientOfTheNetWithAbsoluteWeights(String name) {
    Module model = TestModels.lively(Models.byName(name, IMAGE, 5), 4);
    double[] scores = positive(2, 5);
    double[] walked = back(model, IMAGE, DEFAULT.withNorm(BatchNormRule.AFFINE), scores);
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (path.endsWith(".weight")) {
                parameter.update(
                    raw -> {
                      for (int e = 0; e < raw.count(); e++) {
                        raw.set(e, Math.abs(raw.get(e)));
                      }
                    });
              } else if (path.endsWith("bias") || path.endsWith("running_mean")) {
                parameter.update(raw -> raw.fill(0));
              }
            });
    double[] gradient = back(model, IMAGE, Rule.GRADIENT, scores);
    double most = Arrays.stream(gradient).max().orElse(0);
    assertTrue(most > 0);
    assertArrayEquals(gradient, walked, 1e-5 * most);
  }

  @Test
  void uniformPoolsConserveTheTotal() {
    for (Module pool : new Module[] {new MaxPool(2), new AveragePool(2), new GlobalAveragePool()}) {
      int count = pool instanceof GlobalAveragePool ? 3 : 48;
      double[] scores = positive(1, count);
      double[] walked = back(pool, IMAGE, DEFAULT, scores);
      assertEquals(Arrays.stream(scores).sum(), Arrays.stream(walked).sum(), 1e-4);
    }
    PropagationRule unit = DEFAULT.withPooling(PoolingRule.UNIT);
    double[] scores = positive(1, 48);
    double[] whole = back(new MaxPool(2), IMAGE, unit, scores);
    assertEquals(4 * Arrays.stream(scores).sum(), Arrays.stream(whole).sum(), 1e-3);
  }

  @Test
  void poolsOfOneDimensionAndWithDilationSpreadOverWhatTheySee() {
    Module line =
        new TestNet(
            (n, x) -> Ops.maxPool1d(x, PoolOptions.kernel(2).withDilation(2).withStride(3)));
    assertArrayEquals(
        new double[] {0.5, 0, 0.5, 1, 0, 1}, back(line, Shape.of(6, 1), DEFAULT, 1, 2), 1e-7);
    Module adaptive = new TestNet((n, x) -> Ops.adaptiveMaxPool1d(x, 2));
    assertArrayEquals(
        new double[] {1, 1, 3, 2, 2},
        back(adaptive, Shape.of(5, 1), DEFAULT.withPooling(PoolingRule.UNIT), 3, 6),
        1e-6);
  }

  /** The bound that NISP minimises, for ReLU nets without norms (sheet 10, invariant 7). */
  @Property(tries = 20)
  void theErrorOfPrunedInputsStaysBelowTheirScores(
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Module model =
        Sequential.of(
                new Conv2d(3, 5, ConvConfig.kernel(3).withStride(2)),
                Activation.relu(),
                new MaxPool(2),
                new Flatten(),
                new Linear(5, 6),
                Activation.relu())
            .initialize(seed);
    double[] s = positive(seed, 6);
    double[] r = back(model, IMAGE, DEFAULT.withPooling(PoolingRule.UNIT), s);
    Tensor x = TestNet.sample(seed, 1, 8, 8, 3);
    Tensor masked = x.copy();
    double bound = 0;
    for (int e = 0; e < x.count(); e++) {
      if (Random.of(seed).uniform(e) < 0.3) {
        masked.set(e, 0);
        bound += r[e] * Math.abs(x.get(e));
      }
    }
    Tensor whole = TestNet.infer(model, x);
    Tensor pruned = TestNet.infer(model, masked);
    double error = FinalResponseLayer.weightedError(s, whole, pruned);
    assertTrue(error <= bound * (1 + 1e-5), error + " " + bound);
  }

  @Test
  void sumsGiveEachOperandAllAndConcatenationsTheirPart() {
    Module twice = new Residual(new Identity());
    assertArrayEquals(
        new double[] {2, 4, 6}, back(twice, Shape.of(1, 1, 3), DEFAULT, 1, 2, 3), 1e-6);
    TestNet joined = new TestNet((n, x) -> Ops.concat(-1, x, Ops.relu(x)));
    assertArrayEquals(
        new double[] {4, 6}, back(joined, Shape.of(1, 1, 2), DEFAULT, 1, 2, 3, 4), 1e-6);
    TestNet others =
        new TestNet(
            (n, x) -> {
              Var most = Ops.max(x, Ops.affine(x, -2, 1));
              return Ops.sub(most, Ops.pointwise(org.espalier.tensor.kernel.Unary.NEG, 0, 0, x));
            });
    // max gives 1 and |-2|, the difference one more.
    assertArrayEquals(new double[] {4}, back(others, Shape.of(1, 1, 1), DEFAULT, 1), 1e-6);
    TestNet reduced = new TestNet((n, x) -> Ops.reduce(Reduction.MAX, x, "n h w c -> n c"));
    assertArrayEquals(
        new double[] {1, 1, 1, 1}, back(reduced, Shape.of(2, 2, 1), DEFAULT, 4), 1e-6);
    assertArrayEquals(
        new double[] {4, 4, 4, 4},
        back(reduced, Shape.of(2, 2, 1), DEFAULT.withPooling(PoolingRule.UNIT), 4),
        1e-6);
    TestNet mean = new TestNet((n, x) -> Ops.reduce(Reduction.MEAN, x, "n h w c -> n c"));
    assertArrayEquals(new double[] {1, 1, 1, 1}, back(mean, Shape.of(2, 2, 1), DEFAULT, 4), 1e-6);
    double[] shuffled = back(new ChannelShuffle(2), Shape.of(1, 1, 4), DEFAULT, 1, 2, 3, 4);
    assertArrayEquals(new double[] {1, 3, 2, 4}, shuffled, 1e-6);
  }

  @Test
  void normsPassImportanceOrScaleIt() {
    BatchNorm norm = TestModels.lively(new BatchNorm(3), 2);
    double[] scores = positive(1, 3);
    assertArrayEquals(scores, back(norm, Shape.of(1, 1, 3), DEFAULT, scores), 1e-6);
    PropagationRule affine = DEFAULT.withNorm(BatchNormRule.AFFINE);
    norm.gamma().update(raw -> raw.set(1, -raw.get(1)));
    double[] scaled = back(norm, Shape.of(1, 1, 3), affine, scores);
    for (int c = 0; c < 3; c++) {
      double deviation = Math.sqrt(norm.runningVariance().value().get(c) + 1e-5);
      assertEquals(scores[c] * Math.abs(norm.gamma().value().get(c)) / deviation, scaled[c], 1e-5);
    }
    Module layer = new LayerNorm(3).initialize(1);
    assertArrayEquals(scores, back(layer, Shape.of(1, 1, 3), DEFAULT, scores), 1e-6);
    assertRefused(
        "AFFINE needs running statistics", () -> back(layer, Shape.of(1, 1, 3), affine, scores));
  }

  @Test
  void whatTheTheoryDoesNotCoverIsRefusedUnlessAUserDoes() {
    Module gated = SqueezeExcite.of(3, 2, Activation.sigmoid()).initialize(1);
    double[] scores = positive(1, 192);
    assertRefused("withRule(\"gate\", rule)", () -> back(gated, IMAGE, DEFAULT, scores));
    assertRefused(
        "no rule for 'softmax'", () -> back(new Softmax(-1), Shape.of(3), DEFAULT, 1, 1, 1));
    PropagationRule own = DEFAULT.withRule("gate", (call, score) -> new Tensor[] {score, null});
    assertArrayEquals(scores, back(gated, IMAGE, own, scores), 1e-6);
    assertEquals(Map.of(), DEFAULT.own());
    Module broken = lenet(1);
    broken.parameter("3.weight").update(raw -> raw.set(0, Double.NaN));
    assertRefused(
        "absolute weights of '3' add up to NaN",
        () -> back(broken, IMAGE, DEFAULT, positive(1, 5)));
  }

  @Test
  void aUnitInTwoHalvesKeepsTheSum() {
    Linear one = new Linear(2, 2, false);
    one.weight().restore(Tensor.of(Shape.of(2, 2), 1f, -3f, 2f, 0.5f));
    Linear two = new Linear(3, 2, false);
    two.weight().restore(Tensor.of(Shape.of(2, 3), 0.5f, 0.5f, -3f, 1f, 1f, 0.5f));
    double[] whole = back(one, Shape.of(2), DEFAULT, 1, 2);
    double[] halves = back(two, Shape.of(3), DEFAULT, 1, 2);
    assertEquals(whole[0] / 2, halves[0], 1e-6);
    assertEquals(whole[0] / 2, halves[1], 1e-6);
    assertEquals(whole[1], halves[2], 1e-6);
  }
}
