package org.espalier.sparse.decomposition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.prune.TestNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Checks invariant 18 of the survey's sheet: layers, errors, parameters and MACs. */
class DecompositionsTest {
  private static Conv2d conv(long seed, int in, int out, ConvConfig config) {
    Conv2d conv = new Conv2d(in, out, config);
    conv.initialize(seed);
    return conv;
  }

  private static List<ConvConfig> windows() {
    return List.of(
        ConvConfig.kernel(3).withPadding(1),
        ConvConfig.kernel(3).withStride(2).withPadding(1).withoutBias(),
        ConvConfig.kernel(3, 5).withPadding(Padding.of(1, 2)).withDilation(2),
        ConvConfig.kernel(1, 3).withPadding(Padding.SAME),
        ConvConfig.kernel(5, 1).withStride(2).withPadding(Padding.TF_SAME),
        ConvConfig.kernel(3).withPadding(1).withPadMode(PadMode.REFLECT));
  }

  private static void assertClose(Tensor expected, Tensor actual, double tolerance) {
    assertEquals(expected.shape(), actual.shape());
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance);
    }
  }

  /** Returns the relative error between the outputs of a dense layer with a weight and a chain. */
  private static void assertAmountsTo(Conv2d layer, Tensor weight, Module chain) {
    Conv2d dense = conv(1, weight.shape().size(3), weight.shape().size(0), config(layer));
    dense.weight().set(weight.to(DType.F32));
    if (layer.bias() != null) {
      dense.bias().set(layer.bias().value());
    }
    Tensor x = TestNet.sample(3, 2, 11, 12, weight.shape().size(3));
    assertClose(TestNet.infer(dense, x), TestNet.infer(chain, x), 1e-4);
  }

  private static ConvConfig config(Conv2d layer) {
    Shape weight = layer.weight().shape();
    return ConvConfig.kernel(weight.size(1), weight.size(2))
        .withOptions(layer.options())
        .withPadMode(layer.padMode())
        .withBias(layer.bias() != null);
  }

  private static Tensor outerSum(Tensor left, Tensor right, Shape shape) {
    Matrix product =
        Matrix.of(left, left.shape().size(0)).times(Matrix.of(right, right.shape().size(0)));
    return Tensor.of(shape, product.values());
  }

  @Property(tries = 10)
  void aTuckerChainIsTheConvolutionByItsReconstruction(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 5) int rankIn,
      @ForAll @IntRange(min = 1, max = 6) int rankOut) {
    for (ConvConfig config : windows()) {
      Conv2d layer = conv(seed, 5, 6, config);
      TuckerDecomposition method =
          new TuckerDecomposition(new Rank.Fixed(rankOut), new Rank.Fixed(rankIn), 2);
      TuckerFactors factors =
          TuckerFactors.of(layer.weight().value(), method.rankOut(), method.rankIn());
      TuckerFactors swept = factors.sweep().sweep();
      assertTrue(swept.relativeError() <= factors.relativeError() + 1e-12, "HOOI <= HOSVD");
      LayerDecomposition.Chain chain = method.decompose(layer);
      assertEquals(swept.relativeError(), chain.relativeError(), 1e-12);
      assertAmountsTo(layer, swept.reconstruct(), chain.chain());
    }
  }

  @Property(tries = 10)
  void aCpChainIsTheConvolutionByItsReconstruction(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int rank) {
    for (ConvConfig config : windows()) {
      Conv2d layer = conv(seed, 5, 6, config);
      int most = layer.weight().shape().count() / 6;
      CpFactors factors = CpFactors.of(layer.weight().value(), Math.min(rank, most), seed);
      double[] errors = factors.fit(12, 1e-6, CpDecomposition.DEFAULT_RIDGE);
      for (int i = 1; i < errors.length; i++) {
        assertTrue(errors[i] <= errors[i - 1] + 1e-9, errors[i - 1] + " then " + errors[i]);
      }
      assertAmountsTo(layer, factors.reconstruct(), CpDecomposition.chain(layer, factors));
    }
  }

  @Property(tries = 10)
  void svdChainsAreTheTruncatedWeightAndTheErrorFallsWithTheRank(@ForAll long seed) {
    for (ConvConfig config : windows()) {
      Conv2d layer = conv(seed, 3, 4, config);
      double before = Double.POSITIVE_INFINITY;
      for (int rank = 1; rank <= 3; rank++) {
        LayerDecomposition.Chain chain =
            new SvdDecomposition(new Rank.Fixed(rank)).decompose(layer);
        assertTrue(chain.relativeError() <= before);
        before = chain.relativeError();
        Tensor product =
            outerSum(
                chain.chain().parameter("expand.weight").value(),
                chain.chain().parameter("reduce.weight").value(),
                layer.weight().shape());
        assertAmountsTo(layer, product, chain.chain());
      }
    }
  }

  @Test
  void fullRankReproducesTheWeight() {
    Conv2d layer = conv(4, 5, 6, ConvConfig.kernel(3).withPadding(1));
    Tensor weight = layer.weight().value();
    Rank full = new Rank.Share(1);
    assertAmountsTo(layer, weight, new TuckerDecomposition(full).decompose(layer).chain());
    assertAmountsTo(layer, weight, new SvdDecomposition(full).decompose(layer).chain());
    assertAmountsTo(layer, weight, new SeparableDecomposition(6).decompose(layer).chain());
    Linear linear = new Linear(7, 5);
    linear.initialize(2);
    Tensor x = TestNet.sample(1, 3, 7);
    Module chain = new SvdDecomposition(new Rank.Energy(1)).decompose(linear).chain();
    assertClose(TestNet.infer(linear, x), TestNet.infer(chain, x), 1e-5);
  }

  @Property(tries = 10)
  void tuckerErrorsFallWithBothRanks(@ForAll long seed) {
    Tensor weight = conv(seed, 4, 5, ConvConfig.kernel(3)).weight().value();
    for (int r = 1; r < 4; r++) {
      double error = error(weight, r, r);
      assertTrue(error(weight, r + 1, r) <= error + 1e-12);
      assertTrue(error(weight, r, r + 1) <= error + 1e-12);
    }
    assertEquals(0, error(weight, 5, 4), 1e-6);
  }

  private static double error(Tensor weight, int rankOut, int rankIn) {
    return TuckerFactors.of(weight, new Rank.Fixed(rankOut), new Rank.Fixed(rankIn))
        .relativeError();
  }

  @Test
  void countsAreThoseOfTheFormulas() {
    int in = 8;
    int out = 12;
    Conv2d layer = conv(4, in, out, ConvConfig.kernel(3).withStride(2).withPadding(1));
    Shape sample = Shape.of(10, 10, in);
    assertCosts(layer, new SvdDecomposition(new Rank.Fixed(3)), sample, 3 * (in * 9 + out), 25);
    assertCosts(layer, new SeparableDecomposition(2), sample, in * 2 * 9 + in * 2 * out, 25);
    assertCosts(layer, new GroupedDecomposition(4), sample, in * 9 * out / 4, 25);
    Rank.Fixed three = new Rank.Fixed(3);
    Rank.Fixed two = new Rank.Fixed(2);
    Module tucker = new TuckerDecomposition(three, two, 1).decompose(layer).chain();
    assertEquals(100 * 2 * in + 25 * (2 * 3 * 9 + 3 * out), Costs.of(tucker, sample).macs());
    assertEquals(2 * in + 2 * 3 * 9 + 3 * out + out, Costs.of(tucker, sample).params());
    Module cp = new CpDecomposition(three).decompose(layer).chain();
    assertEquals(
        100 * 3 * in + 50 * 3 * 3 + 25 * 3 * 3 + 25 * 3 * out, Costs.of(cp, sample).macs());
    assertEquals(3 * (in + out + 3 + 3) + out, Costs.of(cp, sample).params());
  }

  /** Compares the weights of a chain, and MACs where all its layers run at the output's size. */
  private static void assertCosts(
      Conv2d layer, LayerDecomposition method, Shape sample, long weights, long positions) {
    Costs costs = Costs.of(method.decompose(layer).chain(), sample);
    assertEquals(weights + layer.bias().shape().count(), costs.params(), method.name());
    assertEquals(weights * positions, costs.macs(), method.name());
  }

  @Test
  void theSeparableErrorIsWhatTheChannelsLose() {
    Conv2d layer = conv(4, 3, 6, ConvConfig.kernel(3).withPadding(1));
    LayerDecomposition.Chain chain = new SeparableDecomposition().decompose(layer);
    Tensor kernels = chain.chain().parameter("depthwise.weight").value();
    Tensor mixing = chain.chain().parameter("pointwise.weight").value();
    Tensor weight = Tensor.zeros(DType.F64, layer.weight().shape());
    for (int at = 0; at < weight.count(); at++) {
      int o = at / 27;
      int k = at / 3 % 9;
      int i = at % 3;
      weight.set(at, mixing.get(o * 3 + i) * kernels.get(i * 9 + k));
    }
    assertAmountsTo(layer, weight, chain.chain());
    double error = Matrix.of(layer.weight().value()).relativeError(Matrix.of(weight));
    assertEquals(error, chain.relativeError(), 1e-6);
  }

  @Property(tries = 10)
  void aGroupedChainIsTheDenseLayerWithoutTheOtherPairs(@ForAll long seed) {
    for (GroupedDecomposition.Channels channels : GroupedDecomposition.Channels.values()) {
      Conv2d layer = conv(seed, 6, 4, ConvConfig.kernel(3).withPadding(1));
      LayerDecomposition.Chain chain = new GroupedDecomposition(2, channels).decompose(layer);
      double[] original = layer.weight().value().toDoubles();
      Tensor kept = Tensor.zeros(DType.F64, layer.weight().shape());
      Tensor unit = Tensor.zeros(1, 3, 3, 6);
      double lost = 0;
      double all = 0;
      // The middle pixel of one channel brings out the channel's kernels, upside down.
      for (int i = 0; i < 6; i++) {
        unit.fill(0).set(4 * 6 + i, 1);
        Tensor y = TestNet.infer(chain.chain(), unit);
        for (int o = 0; o < 4; o++) {
          for (int k = 0; k < 9; k++) {
            int at = (o * 9 + k) * 6 + i;
            double w = y.get((8 - k) * 4 + o) - layer.bias().value().get(o);
            kept.set(at, w);
            assertTrue(Math.abs(w) < 1e-6 || Math.abs(w - original[at]) < 1e-6);
            lost += (w - original[at]) * (w - original[at]);
            all += original[at] * original[at];
          }
        }
      }
      assertEquals(Math.sqrt(lost / all), chain.relativeError(), 1e-5);
      assertAmountsTo(layer, kept, chain.chain());
    }
  }

  @Property(tries = 20)
  void permutedGroupsNeverKeepLessThanBlocks(@ForAll long seed) {
    Conv2d layer = conv(seed, 8, 8, ConvConfig.kernel(3));
    double blocks = error(layer, GroupedDecomposition.Channels.BLOCKS);
    assertTrue(error(layer, GroupedDecomposition.Channels.PERMUTED) <= blocks + 1e-12);
  }

  private static double error(Conv2d layer, GroupedDecomposition.Channels channels) {
    return new GroupedDecomposition(4, channels).decompose(layer).relativeError();
  }

  @Test
  void permutedGroupsFindHiddenBlocks() {
    Conv2d layer = conv(1, 6, 6, ConvConfig.kernel(3));
    // Inputs 0, 3 and 4 meet the even outputs, 1, 2 and 5 the odd ones.
    layer
        .weight()
        .update(
            raw -> {
              for (int at = 0; at < raw.count(); at++) {
                int o = at / 54;
                int i = at % 6;
                raw.set(at, o % 2 == (i + i / 2) % 2 ? raw.get(at) : 0);
              }
            });
    assertEquals(0, new GroupedDecomposition(2).decompose(layer).relativeError(), 1e-7);
  }

  @Test
  void seriesAreDecomposedToo() {
    Conv1d layer = new Conv1d(4, 6, ConvConfig.kernel(5).withPadding(2).withStride(2));
    layer.initialize(3);
    Tensor x = TestNet.sample(1, 2, 13, 4);
    Tensor y = TestNet.infer(layer, x);
    List<LayerDecomposition> methods =
        List.of(
            new SvdDecomposition(new Rank.Share(1)),
            new TuckerDecomposition(new Rank.Share(1)),
            new CpDecomposition(new Rank.Fixed(20), 200, 0, 1e-12, 1),
            new SeparableDecomposition(5));
    for (LayerDecomposition method : methods) {
      LayerDecomposition.Chain chain = method.decompose(layer);
      assertEquals(0, chain.relativeError(), 2e-3, method.name());
      assertClose(y, TestNet.infer(chain.chain(), x), 2e-2);
    }
    assertEquals(
        TestNet.infer(new GroupedDecomposition(2).decompose(layer).chain(), x).shape(), y.shape());
  }

  @Test
  void aWeightOfZerosGivesAChainOfZeros() {
    Conv2d layer = conv(1, 3, 4, ConvConfig.kernel(3));
    layer.weight().update(raw -> raw.fill(0));
    List<LayerDecomposition> methods =
        List.of(
            new SvdDecomposition(new Rank.Energy(0.9)),
            new TuckerDecomposition(new Rank.Energy(0.9)),
            new CpDecomposition(new Rank.Fixed(2)),
            new SeparableDecomposition());
    Tensor x = TestNet.sample(1, 1, 5, 5, 3);
    for (LayerDecomposition method : methods) {
      LayerDecomposition.Chain chain = method.decompose(layer);
      assertEquals(0, chain.relativeError(), 0, method.name());
      assertClose(TestNet.infer(layer, x), TestNet.infer(chain.chain(), x), 0);
    }
  }

  @Test
  void refusesRanksGroupsAndLayersThatDoNotFit() {
    Conv2d layer = conv(1, 3, 4, ConvConfig.kernel(3));
    Linear linear = new Linear(3, 4);
    linear.initialize(1);
    refused(() -> new SvdDecomposition(new Rank.Fixed(5)).decompose(layer), "1..4");
    refused(() -> new TuckerDecomposition(new Rank.Fixed(4)).decompose(layer), "1..3");
    refused(() -> new CpDecomposition(new Rank.Fixed(28)).decompose(layer), "1..27");
    refused(() -> new CpDecomposition(new Rank.Energy(0.9)), "energy");
    refused(() -> new SeparableDecomposition(5).decompose(layer), "1..4");
    refused(() -> new GroupedDecomposition(2).decompose(layer), "divide");
    refused(() -> new Rank.Fixed(0), "at least 1");
    refused(() -> new Rank.Share(1.5), "(0, 1]");
    refused(() -> new Rank.Energy(0), "(0, 1]");
    Conv2d grouped = conv(1, 4, 4, ConvConfig.kernel(3).withGroups(2));
    assertTrue(!new TuckerDecomposition(new Rank.Fixed(1)).accepts(grouped));
    refused(() -> new SvdDecomposition(new Rank.Fixed(1)).decompose(grouped), "not grouped");
    assertTrue(!new CpDecomposition(new Rank.Fixed(1)).accepts(linear));
  }

  private static void refused(Runnable action, String part) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
