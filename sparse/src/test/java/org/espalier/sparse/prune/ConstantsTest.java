package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Function;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.Scatter;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

/** Cuts zeroed filters whose batch norms still emit constants, under each policy. */
class ConstantsTest {
  private static final Shape SMALL = Shape.of(6, 6, 2);

  private static Conv2d conv(int in, int out, int padding, boolean bias) {
    ConvConfig config = ConvConfig.kernel(3).withPadding(padding);
    return new Conv2d(in, out, bias ? config : config.withoutBias());
  }

  /** Convolution, norm, activation, and a reader. */
  private static Module chain(Module activation, Module... readers) {
    Sequential.Builder chain =
        Sequential.builder()
            .add("a", conv(2, 5, 1, true))
            .add("bn", new BatchNorm(5))
            .add("act", activation);
    for (int i = 0; i < readers.length; i++) {
      chain.add("r" + i, readers[i]);
    }
    return zeroed(TestModels.lively(chain.build(), 8), "a.weight", 1, 4);
  }

  private static Module zeroed(Module model, String path, int... rows) {
    Slices.zero(model.parameter(path), 0, rows);
    return model;
  }

  private static CompactReport extract(Module model, MaskPolicy policy) {
    return Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, policy);
  }

  /** Extracts and returns how far the outputs moved. */
  private static double change(Module model, Function<Module, CompactReport> extraction) {
    Tensor x = TestNet.sample(3, 2, 6, 6, 2);
    double[] before = TestNet.infer(model, x).toDoubles();
    extraction.apply(model);
    double[] after = TestNet.infer(model, x).toDoubles();
    double change = 0;
    for (int e = 0; e < before.length; e++) {
      change = Math.max(change, Math.abs(before[e] - after[e]));
    }
    return change;
  }

  private static void assertFoldIsExact(Module model) {
    assertEquals(
        0,
        change(
            model,
            m -> {
              CompactReport report = extract(m, MaskPolicy.FOLD_CONSTANT);
              assertEquals(List.of(), report.inexact());
              assertTrue(report.macsAfter() < report.macsBefore());
              return report;
            }),
        1e-5);
  }

  @Test
  void foldIntoABiasIsExactWithoutPadding() {
    assertFoldIsExact(chain(Activation.relu(), conv(5, 3, 0, true)));
  }

  @Test
  void foldWorksBehindActivationsThatDoNotKeepZero() {
    assertFoldIsExact(chain(Activation.sigmoid(), conv(5, 3, 0, true)));
  }

  @Test
  void maskedAndCompactAgreeBehindActivationsThatDoNotKeepZero() {
    Module model = chain(Activation.sigmoid(), conv(5, 3, 0, true));
    Compact.mask(model, SMALL, Compact.Mode.STREAM_FULL);
    assertEquals(0, change(model, m -> extract(m, MaskPolicy.MASK_WITH_BN)), 1e-5);
    assertEquals(3, model.parameter("a.weight").shape().size(0));
  }

  @Test
  void foldIntoTheRunningMeanBehindAReaderWithoutBias() {
    assertFoldIsExact(chain(Activation.relu(), conv(5, 3, 0, false), new BatchNorm(3)));
  }

  @Test
  void foldGoesThroughPoolsAndFlattenIntoALinearLayer() {
    assertFoldIsExact(
        chain(
            Activation.relu(),
            new MaxPool(PoolOptions.kernel(2)),
            new Flatten(),
            new Linear(45, 3)));
    assertFoldIsExact(chain(Activation.relu(), new GlobalAveragePool(), new Linear(5, 3)));
  }

  @Test
  void foldReachesTheGroupsOfAGroupedReader() {
    Module model =
        Sequential.builder()
            .add("a", conv(2, 6, 1, true))
            .add("bn", new BatchNorm(6))
            .add("act", Activation.relu())
            .add("g", new Conv2d(6, 4, ConvConfig.kernel(3).withGroups(2)))
            .build();
    assertFoldIsExact(zeroed(TestModels.lively(model, 8), "a.weight", 1, 4));
  }

  @Test
  void paddingMakesTheFoldInexactAtTheBorderAndTheReportSaysSo() {
    Module model = chain(Activation.relu(), conv(5, 3, 1, true));
    Tensor x = TestNet.sample(3, 1, 6, 6, 2);
    Tensor before = TestNet.infer(model, x);
    CompactReport report = extract(model, MaskPolicy.FOLD_CONSTANT);
    Tensor after = TestNet.infer(model, x);
    assertEquals(1, report.inexact().size());
    assertTrue(report.inexact().get(0).contains("border"), report.toString());
    double inside = 0;
    double border = 0;
    for (int e = 0; e < before.count(); e++) {
      int row = e / 3 / 6 % 6;
      int column = e / 3 % 6;
      double change = Math.abs(before.get(e) - after.get(e));
      if (row > 0 && row < 5 && column > 0 && column < 5) {
        inside = Math.max(inside, change);
      } else {
        border = Math.max(border, change);
      }
    }
    assertEquals(0, inside, 1e-5);
    assertTrue(border > 1e-3);
  }

  /** A net whose convolution c reads the same channels twice, the second time times a factor. */
  private static TestNet sharedReader(double factor) {
    TestNet net =
        new TestNet(
                (n, x) -> {
                  Var h = Ops.relu(n.scale("bn", n.conv("a", x)));
                  Var first = Ops.relu(n.conv("c", h));
                  return n.head(Ops.add(first, Ops.relu(n.conv("c", Ops.affine(h, factor, 0)))));
                })
            .with("a", 5, 1, 1, 2)
            .norm("bn", 5)
            .with("c", 4, 1, 1, 5)
            .with("c_b", 4)
            .with("fc", 3, 4);
    net.initialize(8);
    net.parameter("bn_bias").set(Tensor.of(Shape.of(5), 0.1f, 0.7f, 0.2f, 0.3f, 0.9f));
    zeroed(net, "a", 1, 4);
    return net;
  }

  private static List<String> foldShared(Module net) {
    return ChannelGraph.of(net, SMALL).select("a", 0, 1, 4).cut(MaskPolicy.FOLD_CONSTANT);
  }

  @Test
  void aRefusedCutChangesNothingUnderAnyPolicy() {
    for (MaskPolicy policy : MaskPolicy.values()) {
      TestNet net = sharedReader(1);
      Tensor x = TestNet.sample(3, 2, 6, 6, 2);
      Tensor before = TestNet.infer(net, x);
      ChannelSelection all = ChannelGraph.of(net, SMALL).select("a", 0, 0, 1, 2, 3, 4);
      TestNets.assertRefused("a", () -> all.cut(policy));
      assertArrayEquals(before.toDoubles(), TestNet.infer(net, x).toDoubles());
    }
  }

  @Test
  void aReaderThatIsCalledTwiceGetsTheConstantsOnce() {
    TestNet net = sharedReader(1);
    Tensor x = TestNet.sample(3, 2, 6, 6, 2);
    Tensor before = TestNet.infer(net, x);
    assertEquals(List.of(), foldShared(net));
    TestModels.assertClose(before, TestNet.infer(net, x));
  }

  @Test
  void callsOfOneReaderThatGetOtherConstantsAreReported() {
    List<String> inexact = foldShared(sharedReader(2));
    assertEquals(1, inexact.size(), inexact.toString());
    assertTrue(inexact.get(0).startsWith("c_b is shared"), inexact.toString());
  }

  @Test
  void whatAReaderThatIsCalledTwiceGetsCannotBeMovedForOneOfItsCalls() {
    TestNet net = sharedReader(2);
    ChannelSelection going = ChannelGraph.of(net, SMALL).select("a", 0, 1, 4);
    Constants constants = new Constants(net, SMALL, going);
    going.units().forEach(unit -> assertFalse(constants.isMovable(unit)));
  }

  @Test
  void aReaderWithNeitherBiasNorNormIsReported() {
    CompactReport report =
        extract(chain(Activation.relu(), conv(5, 3, 0, false)), MaskPolicy.FOLD_CONSTANT);
    assertTrue(report.inexact().get(0).contains("neither a bias"), report.toString());
  }

  @Test
  void dropChangesTheFunctionByTheConstants() {
    double change =
        change(
            chain(Activation.relu(), conv(5, 3, 0, true)),
            m -> extract(m, MaskPolicy.DROP_CONSTANT));
    assertTrue(change > 1e-3);
  }

  private static Module block() {
    Module branch =
        Sequential.builder().add("conv", conv(4, 4, 1, false)).add("bn", new BatchNorm(4)).build();
    Module model =
        Sequential.builder()
            .add("stem", conv(2, 4, 1, false))
            .add("norm", new BatchNorm(4))
            .add("block", new Residual(branch))
            .add("relu", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(4, 3))
            .build();
    return zeroed(TestModels.lively(model, 8), "block.branch.conv.weight", 0, 2);
  }

  @Test
  void constantsOfABranchStayInTheStreamAndAreExact() {
    for (MaskPolicy policy : List.of(MaskPolicy.DROP_CONSTANT, MaskPolicy.FOLD_CONSTANT)) {
      Module model = block();
      assertEquals(0, change(model, m -> extract(m, policy)), 1e-5);
      Scatter scatter = (Scatter) model.modules().get("block.branch.scatter");
      assertEquals(Shape.of(2), scatter.index().shape());
      assertNotEquals(0, scatter.constant().raw().get(0));
      assertEquals(0, scatter.constant().raw().get(1));
    }
  }

  @Test
  void maskedBranchesLeaveNoConstants() {
    Module masked = block();
    Compact.mask(masked, SMALL, Compact.Mode.STREAM_FULL);
    Module model = block();
    extract(model, MaskPolicy.MASK_WITH_BN);
    Tensor x = TestNet.sample(3, 2, 6, 6, 2);
    TestModels.assertClose(TestNet.infer(masked, x), TestNet.infer(model, x));
    Scatter scatter = (Scatter) model.modules().get("block.branch.scatter");
    for (double constant : scatter.constant().raw().toDoubles()) {
      assertEquals(0, constant);
    }
  }

  @Test
  void aStemWithZeroesGetsAScatterOnTheFirstShortcut() {
    Module model = zeroed(block(), "stem.weight", 3);
    double change = change(model, m -> extract(m, MaskPolicy.DROP_CONSTANT));
    assertEquals(Shape.of(3, 3, 3, 2), model.parameter("stem.weight").shape());
    Scatter scatter = (Scatter) model.modules().get("block.shortcut");
    assertNotEquals(0, scatter.constant().raw().get(3));
    assertTrue(change > 1e-4, "the block's convolution lost the stem's constant");
    assertEquals(Shape.of(3, 4), model.parameter("fc.weight").shape());
  }
}
