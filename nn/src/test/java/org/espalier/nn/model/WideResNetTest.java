package org.espalier.nn.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Values;
import org.espalier.nn.model.WideResNet.Options;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;

/** Checks the invariants of sheet 14, section 9, and the errors of its section 8. */
class WideResNetTest {
  private static final Shape CIFAR = Shape.of(32, 32, 3);

  private static long params(Module model) {
    return Costs.of(model, CIFAR).params();
  }

  @Provide
  static Arbitrary<Integer> depths() {
    return Arbitraries.of(10, 16, 22, 28, 34, 40);
  }

  @Property(tries = 30)
  void parameterCountIsTheFormula(
      @ForAll("depths") int depth,
      @ForAll @DoubleRange(min = 0.07, max = 10) double k,
      @ForAll @IntRange(min = 2, max = 100) int classes) {
    int n = (depth - 4) / 6;
    int[] widths = {(int) (16 * k), (int) (32 * k), (int) (64 * k)};
    long in = 16;
    long expected = 3 * 16 * 9;
    for (int out : widths) {
      for (int b = 0; b < n; b++) {
        long projection = in != out ? in * out : 0;
        expected += 9 * in * out + 9L * out * out + projection + 2 * in + 2L * out;
        in = out;
      }
    }
    expected += 2 * in + (in + 1) * classes;
    assertEquals(expected, params(WideResNet.of(depth, k, classes)));
  }

  @Test
  void blockListsAndDeepeningHaveThePublishedCounts() {
    assertEquals(1_429, thousands(40, 1, 3, 1));
    assertEquals(1_211, thousands(40, 3, 1));
    assertEquals(1_297, thousands(40, 1, 3));
    assertEquals(1_343, thousands(40, 3, 1, 1));
    assertEquals(1_145, thousands(22, 3, 1, 3));
    assertEquals(1_468, thousands(28, 3, 3));
    for (int l = 1; l <= 4; l++) {
      assertEquals(2_243_546, params(WideResNet.deepened(40, 2, l, 10, Options.DEFAULT)));
    }
    assertEquals(
        68_883_240, Costs.of(WideResNet.imagenet50x2(1000), Shape.of(224, 224, 3)).params());
  }

  private static long thousands(int depth, Integer... kernels) {
    Module net = WideResNet.of(depth, 2, 10, Options.DEFAULT.withKernels(kernels));
    return Math.round(params(net) / 1000.0);
  }

  @Property(tries = 10)
  void withASilentLastConvolutionTheBlockIsTheIdentity(@ForAll long seed) {
    Module block = Values.randomize(WideResNet.block(5, 5, 1, Options.DEFAULT), seed);
    block.parameter("branch.conv1.weight").update(w -> w.fill(0));
    Tensor x = Values.normal(seed, 2, 6, 5, 5);
    Values.assertSame(x, Values.infer(block, x));
    Values.assertSame(x, Values.train(block, x, seed));
  }

  @Property(tries = 5)
  void dropoutChangesNothingInInferenceAndNothingAtZero(@ForAll long seed) {
    Module dropping = Values.randomize(WideResNet.of(10, 0.5, 4, 0.4), seed);
    Module plain = Values.randomize(WideResNet.of(10, 0.5, 4), seed);
    Module none = Values.randomize(WideResNet.of(10, 0.5, 4, 0), seed);
    Tensor x = Values.normal(seed, 2, 8, 8, 3);
    Values.assertSame(Values.infer(plain, x), Values.infer(dropping, x));
    Values.assertSame(Values.train(plain, x, 1), Values.train(none, x, 2));
    assertTrue(!Values.train(plain, x, 1).bitEquals(Values.train(dropping, x, 1)));
  }

  @Test
  void meanOverDropoutMasksIsTheOutputWithoutDropout() {
    Module dropping = WideResNet.block(3, 3, 1, Options.DEFAULT.withDropout(0.3));
    Values.randomize(dropping, 7);
    Module plain = Values.randomize(WideResNet.block(3, 3, 1, Options.DEFAULT), 7);
    Tensor x = Values.normal(7, 1, 4, 4, 3);
    Tensor expected = Values.train(plain, x, 0);

    int draws = 2000;
    double[] sum = new double[expected.count()];
    double[] squares = new double[expected.count()];
    for (int draw = 0; draw < draws; draw++) {
      Tensor y = Values.train(dropping, x, draw);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += y.get(i);
        squares[i] += y.get(i) * y.get(i);
      }
    }
    int outside = 0;
    for (int i = 0; i < sum.length; i++) {
      double mean = sum[i] / draws;
      double error = Math.sqrt((squares[i] / draws - mean * mean) / draws);
      outside += Math.abs(mean - expected.get(i)) > 4 * error + 1e-6 ? 1 : 0;
    }
    assertEquals(0, outside, "elements further than four standard errors");
  }

  @Property(tries = 10)
  void groupsHalveSpaceInTheirFirstBlockOnly(
      @ForAll @IntRange(min = 2, max = 8) int quarter, @ForAll("depths") int depth) {
    Module net = WideResNet.of(depth, 0.25, 3);
    int side = 4 * quarter;
    int[] seen = new int[3];
    net.summary(side, side, 3)
        .rows()
        .forEach(
            row -> {
              if (row.path().matches("group\\d\\.block\\d+\\..*conv1")) {
                int group = row.path().charAt(5) - '0';
                assertEquals(side >> group, row.output().size(0), row.path());
                seen[group]++;
              }
            });
    int n = (depth - 4) / 6;
    assertEquals(List.of(n, n, n), List.of(seen[0], seen[1], seen[2]));
  }

  @Test
  void everyParametersGradientAgreesWithDifferencesInDouble() {
    Module block = WideResNet.block(2, 3, 2, Options.DEFAULT);
    Values.randomize(block, 5).convert(DType.F64);
    Tensor x = Values.normal(5, 2, 5, 4, 2).to(DType.F64);
    Tensor weights = Values.normal(6, 2, 3, 2, 3).to(DType.F64);
    Map<String, Parameter> state = block.state();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients = Walk.gradient(loss(block, x, weights, pass));
      state.forEach(
          (path, parameter) -> {
            if (!parameter.isBuffer()) {
              checkGradient(block, x, weights, parameter, gradients.of(parameter).copy());
            }
          });
    }
  }

  private static Var loss(Module block, Tensor x, Tensor weights, Pass pass) {
    Var y = block.apply(pass, pass.input(x));
    return Ops.reduce(Reduction.SUM, Ops.mul(y, pass.input(weights)), "n h w c ->");
  }

  private static void checkGradient(
      Module block, Tensor x, Tensor weights, Parameter parameter, Tensor gradient) {
    double step = 1e-5;
    for (int i = 0; i < Math.min(12, gradient.count()); i++) {
      int index = i;
      double before = parameter.raw().get(index);
      parameter.update(raw -> raw.set(index, before + step));
      double up = item(block, x, weights);
      parameter.update(raw -> raw.set(index, before - step));
      double down = item(block, x, weights);
      parameter.update(raw -> raw.set(index, before));
      double expected = (up - down) / (2 * step);
      assertEquals(
          expected,
          gradient.get(index),
          1e-3 * Math.max(1e-2, Math.abs(expected)),
          parameter.name() + "[" + index + "]");
    }
  }

  private static double item(Module block, Tensor x, Tensor weights) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      return loss(block, x, weights, pass).value().item();
    }
  }

  @Property(tries = 10)
  void scaleOfTheFirstConvolutionIsRemovedByTheNormBehindIt(
      @ForAll @DoubleRange(min = 1, max = 10) double factor, @ForAll long seed) {
    Module block = Values.randomize(WideResNet.block(4, 4, 1, Options.DEFAULT), seed);
    block.parameter("branch.conv0.weight").update(w -> Init.normal(0, 1).fill(w, Random.of(seed)));
    block.parameter("branch.bn0.weight").update(w -> w.fill(1));
    Tensor x = Values.normal(seed, 2, 6, 6, 4);
    Tensor expected = Values.train(block, x, 0);
    block
        .parameter("branch.conv0.weight")
        .update(
            w -> {
              for (int i = 0; i < w.count(); i++) {
                w.set(i, factor * w.get(i));
              }
            });
    Values.assertClose(expected, Values.train(block, x, 0), 1e-4);
  }

  @Property(tries = 20)
  void silencedInnerChannelsMayBeCut(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 5) int kept) {
    Module block = Values.randomize(WideResNet.block(4, 6, 2, Options.DEFAULT), seed);
    int[] order = Random.of(seed).permutation(6);
    Indices keep = Indices.where(6, i -> order[i] < kept);
    Indices gone = keep.complement();
    String branch = "residual.branch.";
    for (String norm : List.of("bn1.weight", "bn1.bias")) {
      block.parameter(branch + norm).update(v -> zero(v, gone));
    }
    Tensor x = Values.normal(seed, 2, 6, 6, 4);
    Tensor masked = Values.infer(block, x);

    block.parameter(branch + "conv0.weight").cut(0, keep);
    for (String norm : List.of("weight", "bias", "running_mean", "running_var")) {
      block.parameter(branch + "bn1." + norm).cut(0, keep);
    }
    block.parameter(branch + "conv1.weight").cut(-1, keep);

    Values.assertClose(masked, Values.infer(block, x), 1e-5);
  }

  private static void zero(Tensor vector, Indices gone) {
    for (int index : gone.toArray()) {
      vector.set(index, 0);
    }
  }

  @Property(tries = 10)
  void doublingTheWidthMultipliesTheParametersByAboutFour(
      @ForAll @IntRange(min = 2, max = 8) int k) {
    double ratio = params(WideResNet.of(28, 2 * k, 10)) / (double) params(WideResNet.of(28, k, 10));
    assertTrue(ratio > 3.8 && ratio < 4.0, "ratio " + ratio);
  }

  @Test
  void initialisationFollowsThePaperAndItsOption() {
    Module ones = WideResNet.of(10, 1, 10).initialize(1);
    Tensor gamma = ones.parameter("bn.weight").raw();
    assertEquals(1, gamma.get(3));
    assertEquals(0, ones.parameter("fc.bias").raw().get(0));
    Module uniform =
        WideResNet.of(10, 1, 10, Options.DEFAULT.withBnGammaInit(WideResNet.BnGammaInit.UNIFORM01))
            .initialize(1);
    double mean = 0;
    for (double value : uniform.parameter("bn.weight").raw().toDoubles()) {
      assertTrue(value >= 0 && value < 1);
      mean += value / 64;
    }
    assertEquals(0.5, mean, 0.2);
  }

  @Test
  void namesMapToThoseOfTheAuthorsCode() {
    Map<String, String> names = WideResNet.publishedNames(WideResNet.of(16, 1, 10));
    assertEquals("conv0", names.get("conv0.weight"));
    assertEquals("group0.block0.bn0.weight", names.get("group0.block0.branch.bn0.weight"));
    assertEquals("group1.block0.bn0.weight", names.get("group1.block0.bn0.weight"));
    assertEquals("group1.block0.conv0", names.get("group1.block0.residual.branch.conv0.weight"));
    assertEquals("group1.block0.convdim", names.get("group1.block0.residual.shortcut.weight"));
    assertEquals("group1.block1.conv1", names.get("group1.block1.branch.conv1.weight"));
    assertEquals("fc.weight", names.get("fc.weight"));
  }

  @Test
  void anySideFromEightOnAndBatchOneInTrainingAreFine() {
    Module net = WideResNet.of(10, 0.25, 3);
    for (int side : new int[] {8, 9, 11, 30, 36}) {
      assertEquals(Shape.of(1, 3), Values.shape(net, 1, side, side, 3));
    }
    assertEquals(Shape.of(1, 3), Values.train(net, Values.normal(1, 1, 8, 8, 3), 0).shape());
  }

  @Test
  void refusesWhatTheSheetRefuses() {
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(12, 1, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(4, 1, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, 0, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, -2, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, 0.05, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, Double.NaN, 10));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, 1, 10, 1.0));
    assertThrows(IllegalArgumentException.class, () -> WideResNet.of(16, 1, 10, -0.1));
    assertThrows(IllegalArgumentException.class, () -> Options.DEFAULT.withKernels(3, 2));
    assertThrows(IllegalArgumentException.class, () -> Options.DEFAULT.withDeepening(0));
    assertThrows(
        IllegalArgumentException.class, () -> WideResNet.deepened(40, 2, 5, 10, Options.DEFAULT));
    ShapeException grey =
        assertThrows(
            ShapeException.class, () -> Values.shape(WideResNet.of(10, 1, 10), 1, 32, 32, 1));
    assertTrue(grey.getMessage().contains("[16, 3, 3, 3] must be 1"), grey.getMessage());
  }
}
