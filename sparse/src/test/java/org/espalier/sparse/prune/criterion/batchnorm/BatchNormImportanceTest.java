package org.espalier.sparse.prune.criterion.batchnorm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.PRelu;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.WideResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.TestModels;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchNormImportanceTest {
  static final Shape IMAGE = Shape.of(8, 8, 3);
  static final BatchNormImportance RAW = BatchNormImportance.of().withNormaliser(Normaliser.NONE);

  static Sequential chain(Module activation) {
    return TestModels.lively(
        Sequential.of(
            new Conv2d(3, 6, 3),
            new BatchNorm(6),
            activation,
            new Conv2d(6, 5, 3),
            new BatchNorm(5),
            Activation.relu(),
            new GlobalAveragePool(),
            new Linear(5, 2)),
        3);
  }

  static double[] scores(Criterion criterion, Module model, String group) {
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    return criterion.on(graph).score(graph.groupOf(group));
  }

  private static double[] expected(Module model, String norm, ActivationMoment moment) {
    double[] gamma = model.parameter(norm + ".weight").value().toDoubles();
    double[] beta = model.parameter(norm + ".bias").value().toDoubles();
    double[] scores = new double[gamma.length];
    Arrays.setAll(scores, c -> moment.meanAbs(beta[c], Math.abs(gamma[c])));
    return scores;
  }

  private static double[] sum(double[]... votes) {
    return MemberReduction.SUM.reduce(List.of(votes));
  }

  @Test
  void theActivationBehindTheNormCounts() {
    Map<Activation, ActivationMoment> known =
        Map.of(
            Activation.relu(), ActivationMoment.relu(),
            Activation.relu6(), ActivationMoment.clipped(6),
            Activation.leakyRelu(0.1), ActivationMoment.leaky(0.1),
            Activation.gelu(), ActivationMoment.gelu(),
            Activation.hardSwish(),
                ActivationMoment.numeric(z -> z * Math.min(Math.max(z + 3, 0), 6) / 6, -3, 0, 3),
            Activation.clamp(-1, 2),
                ActivationMoment.numeric(z -> Math.min(Math.max(z, -1), 2), -1, 0, 2));
    known.forEach(
        (activation, moment) -> {
          Module model = chain(activation);
          assertArrayEquals(
              expected(model, "1", moment),
              scores(RAW, model, "0.weight"),
              1e-9,
              activation::toString);
        });
  }

  @Test
  void learnedSlopesCountChannelByChannel() {
    PRelu prelu = new PRelu(6);
    Module model = chain(prelu);
    Parameter slopes = model.parameter("2.weight");
    slopes.update(raw -> Init.normal(0, 1).fill(raw, Random.of(4)));
    double[] scores = scores(RAW, model, "0.weight");
    for (int c = 0; c < 6; c++) {
      ActivationMoment moment = ActivationMoment.leaky(slopes.value().get(c));
      assertEquals(expected(model, "1", moment)[c], scores[c], 1e-12);
    }
  }

  @Test
  void normsOfAStreamAddUpWithTheActivationBehindTheSum() {
    Module model = TestModels.lively(ResNet.cifar(14, 5), 1);
    String[] stream = {"bn1", "layer1.0.branch.bn2", "layer1.1.branch.bn2"};
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    ChannelGroup group = graph.groupOf("conv1.weight");
    assertEquals(16, group.size());
    double[] later = new double[16];
    double[] later0 = new double[16];
    for (String norm : new String[] {"layer2.0.branch.bn2", "layer2.1.branch.bn2"}) {
      double[] all = expected(model, norm, ActivationMoment.relu());
      double[] linear = expected(model, norm, ActivationMoment.identity());
      for (int c = 0; c < 16; c++) {
        later[c] += all[c + 8];
        later0[c] += linear[c + 8];
      }
    }
    for (String norm : new String[] {"layer3.0.branch.bn2", "layer3.1.branch.bn2"}) {
      double[] all = expected(model, norm, ActivationMoment.relu());
      double[] linear = expected(model, norm, ActivationMoment.identity());
      for (int c = 0; c < 16; c++) {
        later[c] += all[c + 24];
        later0[c] += linear[c + 24];
      }
    }
    ActivationMoment relu = ActivationMoment.relu();
    assertArrayEquals(
        sum(
            expected(model, stream[0], relu),
            expected(model, stream[1], relu),
            expected(model, stream[2], relu),
            later),
        RAW.on(graph).score(group),
        1e-12);
    ActivationMoment linear = ActivationMoment.identity();
    assertArrayEquals(
        sum(
            expected(model, stream[0], relu),
            expected(model, stream[1], linear),
            expected(model, stream[2], linear),
            later0),
        RAW.withBehindAdd(BehindAdd.IDENTITY).on(graph).score(group),
        1e-12);
  }

  @Test
  void sumsOfNormalVariablesScoreAsOne() {
    Module model = TestModels.lively(residual(), 5);
    double[] scores = scores(RAW.withStreams(StreamModel.GAUSSIAN_SUM), model, "0.weight");
    double[][] beta = new double[3][];
    double[][] gamma = new double[3][];
    String[] norms = {"1", "3.branch.1", "5.branch.1"};
    for (int k = 0; k < 3; k++) {
      gamma[k] = model.parameter(norms[k] + ".weight").value().toDoubles();
      beta[k] = model.parameter(norms[k] + ".bias").value().toDoubles();
    }
    for (int c = 0; c < scores.length; c++) {
      double expected = 0;
      double mean = 0;
      double squares = 0;
      for (int k = 0; k < 3; k++) {
        mean += beta[k][c];
        squares += gamma[k][c] * gamma[k][c];
        expected += ActivationMoment.relu().meanAbs(mean, Math.sqrt(squares));
      }
      assertEquals(expected, scores[c], 1e-12);
    }
  }

  private static Sequential residual() {
    return Sequential.of(
        new Conv2d(3, 4, 1),
        new BatchNorm(4),
        Activation.relu(),
        new Residual(Sequential.of(new Conv2d(4, 4, 1), new BatchNorm(4))),
        Activation.relu(),
        new Residual(Sequential.of(new Conv2d(4, 4, 1), new BatchNorm(4))),
        Activation.relu(),
        new GlobalAveragePool(),
        new Linear(4, 2));
  }

  @Test
  void normsInFrontOfReadersScoreWhatTheyRead() {
    ActivationMoment relu = ActivationMoment.relu();
    Module wide = TestModels.lively(WideResNet.of(10, 1, 5), 2);
    String inner = "group0.block0.branch.conv0.weight";
    String norm = "group0.block0.branch.bn1";
    assertTrue(wide.state().containsKey(inner), wide.state().keySet().toString());
    assertArrayEquals(expected(wide, norm, relu), scores(RAW, wide, inner), 1e-12);

    // What the second layer adds stands behind 24 + 4 channels wherever it is read.
    Module dense = TestModels.lively(DenseNet.plain(10, 4, 3, 5), 2);
    double[] readers = new double[4];
    for (String reader : new String[] {"transition0.bn"}) {
      double[] all = expected(dense, reader, relu);
      Arrays.setAll(readers, c -> readers[c] + all[28 + c]);
    }
    assertArrayEquals(readers, scores(RAW, dense, "block0.layer1.new.conv.weight"), 1e-12);
  }

  @Test
  void neitherDataNorWeightsNorSignsMatter() {
    Module model = chain(Activation.relu());
    double[] before = scores(RAW, model, "0.weight");
    double[] aware = scores(RAW.withSigma(SigmaMode.EPS_AWARE), model, "0.weight");
    model.parameter("0.weight").update(raw -> raw.fill(0.25));
    model.parameter("1.running_mean").update(raw -> raw.fill(7));
    model.parameter("1.weight").update(raw -> raw.set(2, -raw.get(2)));
    assertArrayEquals(before, scores(RAW, model, "0.weight"));
    model.parameter("1.running_var").update(raw -> raw.fill(1e-5));
    assertArrayEquals(before, scores(RAW, model, "0.weight"));
    double[] half = scores(RAW.withSigma(SigmaMode.EPS_AWARE), model, "0.weight");
    double gamma = Math.abs(model.parameter("1.weight").value().get(0));
    double beta = model.parameter("1.bias").value().get(0);
    assertEquals(ActivationMoment.relu().meanAbs(beta, gamma * Math.sqrt(0.5)), half[0], 1e-6);
    assertTrue(Math.abs(aware[0] - half[0]) > 1e-3);
    model.parameter("1.running_var").update(raw -> raw.fill(0));
    assertEquals(
        Math.max(beta, 0), scores(RAW.withSigma(SigmaMode.EPS_AWARE), model, "0.weight")[0], 1e-12);
  }

  @Test
  void channelsThatNeverSpeakScoreZeroAndGoWithoutTrace() {
    Module model = chain(Activation.relu());
    for (int c : new int[] {1, 4}) {
      model.parameter("1.weight").update(raw -> raw.set(c, 0));
      model.parameter("1.bias").update(raw -> raw.set(c, -0.1 * c));
    }
    double[] scores = scores(BatchNormImportance.of(), model, "0.weight");
    assertEquals(0, scores[1]);
    assertEquals(0, scores[4]);
    Tensor x = TestNet.sample(1, 3, 8, 8, 3);
    Tensor before = TestNet.infer(model, x);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Pruner.global(BatchNormImportance.of().on(graph), 0.2).plan(graph).apply();
    assertEquals(4, model.parameter("0.weight").shape().size(0));
    assertArrayEquals(before.toDoubles(), TestNet.infer(model, x).toDoubles(), 1e-6);
  }

  /** What the model of a normal variable rests on (sheet 06, invariant 10). */
  @Test
  void aNormsOutputHasTheMeanAndDeviationThatItsParametersSay() {
    BatchNorm norm = TestModels.lively(new BatchNorm(3), 4);
    Tensor x = TestNet.sample(3, 40, 6, 6, 3);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      float[] y = norm.apply(pass, pass.input(x)).value().f32();
      for (int c = 0; c < 3; c++) {
        double sum = 0;
        double squares = 0;
        double inputs = 0;
        double inputSquares = 0;
        int n = y.length / 3;
        for (int e = c; e < y.length; e += 3) {
          sum += y[e] / n;
          squares += (double) y[e] * y[e] / n;
          inputs += x.get(e) / n;
          inputSquares += x.get(e) * x.get(e) / n;
        }
        double variance = inputSquares - inputs * inputs;
        double gamma = norm.gamma().value().get(c);
        assertEquals(norm.beta().value().get(c), sum, 1e-4);
        assertEquals(
            SigmaMode.EPS_AWARE.sigma(gamma, variance, norm.eps()),
            Math.sqrt(squares - sum * sum),
            1e-4);
      }
    }
  }

  @Property(tries = 20)
  void globalRankingsTakeExactlyTheShareAsked(
      @ForAll @DoubleRange(min = 0, max = 0.6) double ratio,
      @ForAll @LongRange(min = 0, max = 1 << 20) long seed) {
    Module model = chain(Activation.relu());
    TestModels.lively(model, seed);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    var plan = Pruner.global(RAW, ratio).plan(graph);
    int gone = plan.keep().values().stream().mapToInt(k -> k.complement().count()).sum();
    assertEquals((int) Math.floor(11 * ratio + 1e-9), gone);
  }

  @Test
  void groupsOfZerosStayZeroWhateverTheNormaliser() {
    Module model = chain(Activation.relu());
    model.parameter("1.weight").update(raw -> raw.fill(0));
    model.parameter("1.bias").update(raw -> raw.fill(-1));
    for (Normaliser normaliser : List.of(Normaliser.MEAN, Normaliser.MAX)) {
      assertArrayEquals(new double[6], scores(RAW.withNormaliser(normaliser), model, "0.weight"));
    }
  }

  @Test
  void ownMomentsComeBeforeTheKnownOnes() {
    Module model = chain(Activation.silu());
    ActivationMoment mine = ActivationMoment.numeric(z -> 3.0);
    double[] scores = scores(RAW.withMoment("silu", mine), model, "0.weight");
    assertEquals(3, scores[0], 1e-8);
    double[] known = scores(RAW, model, "0.weight");
    assertTrue(Math.abs(known[0] - 3) > 0.1);
  }

  @Test
  void eachStatisticIsItsOwnNumber() {
    Module model = chain(Activation.relu());
    double beta = model.parameter("1.bias").value().get(0);
    double gamma = model.parameter("1.weight").value().get(0);
    for (Statistic statistic : Statistic.values()) {
      assertEquals(
          statistic.of(ActivationMoment.relu(), beta, gamma, Math.abs(gamma)),
          scores(RAW.withStatistic(statistic), model, "0.weight")[0],
          1e-12);
    }
    assertEquals(5, Set.of(Statistic.values()).size());
    assertEquals(Map.of("1", 6, "4", 5), widths(RAW.byNorm(model, IMAGE)));
  }

  private static Map<String, Integer> widths(Map<String, double[]> scores) {
    Map<String, Integer> widths = new java.util.TreeMap<>();
    scores.forEach((path, values) -> widths.put(path, values.length));
    return widths;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mnist_cnn",
        "resnet14",
        "resnet8b",
        "wrn-10-1",
        "densenet-7-4",
        "densenet-bc-10-4",
        "vgg16",
        "mobilenetv2",
        "resnet50"
      })
  void everyModelIsPrunedAndStillRuns(String name) {
    Shape image = name.equals("mnist_cnn") ? Shape.of(12, 12, 3) : Shape.of(32, 32, 3);
    Module model = TestModels.lively(Models.byName(name, image, 5), 1);
    ChannelGraph graph = ChannelGraph.of(model, image);
    BatchNormImportance criterion = BatchNormImportance.of().withMissing(MissingNorm.USE_L1_NORM);
    Criterion bound = criterion.on(graph);
    for (ChannelGroup group : graph.prunable()) {
      double[] scores = bound.score(group);
      assertEquals(group.size(), scores.length);
      for (double score : scores) {
        assertTrue(score >= 0 && Double.isFinite(score), group.name() + " " + score);
      }
    }
    var plan = Pruner.global(bound, 0.3).plan(graph);
    long before = graph.macs();
    plan.apply();
    assertTrue(graph.macs() < before);
    TestNet.infer(model, TestNet.sample(1, 1, image.size(0), image.size(1), image.size(2)));
  }
}
