package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.Scatter;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.LeNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.ResNet.Shortcut;
import org.espalier.nn.model.Vgg;
import org.espalier.nn.model.WideResNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class CostsTest {
  private static final Shape CIFAR = Shape.of(32, 32, 3);
  private static final Shape IMAGENET = Shape.of(224, 224, 3);

  /** The columns of the table in section 4.2 but for MACs, their sum. */
  private static void assertCosts(
      Module model, Shape sample, long conv, long linear, long params, long... parts) {
    Costs costs = Costs.of(model, sample);
    assertEquals(
        List.of(conv + linear, conv, linear, params, parts[0], parts[1], parts[2], parts[3]),
        List.of(
            costs.macs(),
            costs.convMacs(),
            costs.linearMacs(),
            costs.params(),
            costs.convWeightParams(),
            costs.linearWeightParams(),
            costs.bnParams(),
            costs.biasParams()));
    assertFalse(model.isInitialized(), "counting must not draw weights");
  }

  @Test
  void residualNetworksCostWhatTheTableSays() {
    assertCosts(ResNet.cifar(20, 10), CIFAR, 40_550_400, 640, 269_722, 267_696, 640, 1_376, 10);
    assertCosts(ResNet.cifar(32, 10), CIFAR, 68_861_952, 640, 464_154, 461_232, 640, 2_272, 10);
    assertCosts(ResNet.cifar(56, 10), CIFAR, 125_485_056, 640, 853_018, 848_304, 640, 4_064, 10);
    assertCosts(
        ResNet.cifar(110, 10), CIFAR, 252_887_040, 640, 1_727_962, 1_719_216, 640, 8_096, 10);
    assertCosts(
        ResNet.cifar(56, 10, Shortcut.OPTION_B),
        CIFAR,
        125_747_200,
        640,
        855_770,
        850_864,
        640,
        4_256,
        10);
    assertCosts(
        ResNet.imagenet(18, 1000),
        IMAGENET,
        1_813_561_344,
        512_000,
        11_689_512,
        11_166_912,
        512_000,
        9_600,
        1_000);
    assertCosts(
        ResNet.imagenet(34, 1000),
        IMAGENET,
        3_663_249_408L,
        512_000,
        21_797_672,
        21_267_648,
        512_000,
        17_024,
        1_000);
    assertCosts(
        ResNet.imagenet(50, 1000),
        IMAGENET,
        4_087_136_256L,
        2_048_000,
        25_557_032,
        23_454_912,
        2_048_000,
        53_120,
        1_000);
  }

  @Test
  void vggNetworksCostWhatTheTableSays() {
    long conv = 313_196_544;
    long weights = 14_710_464;
    assertCosts(Vgg.cifar(16, 10), CIFAR, conv, 5_120, 14_728_266, weights, 5_120, 8_448, 4_234);
    assertCosts(
        Vgg.cifar(16, 3, 10, Vgg.Head.ONE_LINEAR, false),
        CIFAR,
        conv,
        5_120,
        14_724_042,
        weights,
        5_120,
        8_448,
        10);
    assertCosts(
        Vgg.cifar(16, 3, 10, Vgg.Head.HIDDEN_LINEAR, true),
        CIFAR,
        conv,
        267_264,
        14_991_946,
        weights,
        267_264,
        9_472,
        4_746);
    assertCosts(
        Vgg.cifar(16, 3, 10, Vgg.Head.HIDDEN_LINEAR, false),
        CIFAR,
        conv,
        267_264,
        14_987_722,
        weights,
        267_264,
        9_472,
        522);
    assertCosts(
        Vgg.imagenet(16, 3, 1000),
        IMAGENET,
        15_346_630_656L,
        123_633_664,
        138_365_992,
        weights,
        123_633_664,
        8_448,
        13_416);
  }

  @Test
  void wideNetworksCostWhatTheTableSays() {
    assertCosts(
        WideResNet.of(16, 4, 10),
        CIFAR,
        392_609_792,
        2_560,
        2_748_890,
        2_742_704,
        2_560,
        3_616,
        10);
    assertCosts(
        WideResNet.of(16, 8, 10),
        CIFAR,
        1_548_140_544,
        5_120,
        10_961_370,
        10_949_040,
        5_120,
        7_200,
        10);
    assertCosts(
        WideResNet.of(16, 10, 10),
        CIFAR,
        2_412_167_168L,
        6_400,
        17_116_634,
        17_101_232,
        6_400,
        8_992,
        10);
    assertCosts(
        WideResNet.of(28, 10, 10),
        CIFAR,
        5_243_322_368L,
        6_400,
        36_479_194,
        36_454_832,
        6_400,
        17_952,
        10);
    assertCosts(WideResNet.of(40, 1, 10), CIFAR, 83_279_872, 640, 563_930, 560_560, 640, 2_720, 10);
    assertCosts(
        WideResNet.of(40, 4, 10),
        CIFAR,
        1_298_579_456,
        2_560,
        8_949_210,
        8_935_856,
        2_560,
        10_784,
        10);
  }

  @Test
  void otherNetworksCostWhatTheTableSays() {
    assertCosts(
        DenseNet.plain(40, 12, 3, 10),
        CIFAR,
        282_912_768,
        4_560,
        1_059_298,
        1_036_008,
        4_560,
        18_720,
        10);
    assertCosts(
        MobileNetV2.cifar(3, 10),
        CIFAR,
        87_963_648,
        12_800,
        2_236_682,
        2_189_760,
        12_800,
        34_112,
        10);
    assertCosts(
        MobileNetV2.imagenet(3, 1000),
        IMAGENET,
        299_494_272,
        1_280_000,
        3_504_872,
        2_189_760,
        1_280_000,
        34_112,
        1_000);
    assertCosts(LeNet.lenet5(32, 32, 3, 10), CIFAR, 592_800, 58_920, 62_006, 2_850, 58_920, 0, 236);
    assertCosts(
        LeNet.caffe(28, 28, 1, 10),
        Shape.of(28, 28, 1),
        1_888_000,
        405_000,
        431_080,
        25_500,
        405_000,
        0,
        580);
  }

  /** The example of section 4.1: 8,704 MACs, 837 parameters. */
  @Test
  void theSheetsExampleOfConventionsCostsWhatItSays() {
    Module model =
        Sequential.of(
            new Conv2d(3, 4, ConvConfig.kernel(3).withPadding(1)),
            new BatchNorm(4),
            Activation.relu(),
            new MaxPool(2),
            new Conv2d(4, 8, ConvConfig.kernel(3).withPadding(1).withGroups(4).withoutBias()),
            Activation.relu(),
            new Flatten(),
            new Linear(128, 5));
    Costs costs = Costs.of(model, Shape.of(8, 8, 3));
    assertEquals(8_704, costs.macs());
    assertEquals(837, costs.params());
    assertEquals(2, costs.convs());
    assertEquals(256, costs.convBiasAdds());
    assertEquals(5, costs.linearBiasAdds());
    assertEquals(256, costs.bnElements());
    assertEquals(8, costs.bnBuffers());
  }

  @Property(tries = 20)
  void closedFormOfTheCifarFamilyHolds(@ForAll @IntRange(min = 1, max = 12) int n) {
    long expected = 442_368 + n * 4_718_592L + 2 * (1_179_648 + (2 * n - 1) * 2_359_296L);
    assertEquals(expected, Costs.of(ResNet.cifar(6 * n + 2, 10), CIFAR).convMacs());
  }

  @Property(tries = 20)
  void cuttingInnerChannelsSavesTheirShareOfBothConvolutions(
      @ForAll @IntRange(min = 2, max = 9) int inner, @ForAll @IntRange(min = 1, max = 8) int kept) {
    int keep = Math.min(kept, inner - 1);
    Conv2d first = new Conv2d(3, inner, 3);
    Conv2d second = new Conv2d(inner, 4, 3);
    Module chain = Sequential.of(first, second);
    Costs before = Costs.of(chain, Shape.of(8, 8, 3));

    Indices indices = Indices.where(inner, i -> i < keep);
    first.weight().cut(0, indices);
    first.bias().cut(0, indices);
    second.weight().cut(-1, indices);

    assertEquals(before.macs() * keep, Costs.of(chain, Shape.of(8, 8, 3)).macs() * inner);
  }

  @Test
  void zerosAndSharedModulesAreCountedOnce() {
    Linear twice = new Linear(4, 4);
    Module model = Sequential.of(twice, Activation.tanh(), twice).initialize(1);
    Costs before = Costs.of(model, Shape.of(4));
    assertEquals(32, before.macs());
    assertEquals(20, before.params());
    assertEquals(16, before.linearWeightParams());
    assertEquals(4, before.biasParams());
    twice.weight().update(raw -> raw.set(5, 0));
    assertEquals(19, Costs.of(model, Shape.of(4)).nonZeroParams());
    assertEquals(0, before.macsSavedBy(before));
  }

  @Test
  void otherScaleCallsAreNoBatchNorms() {
    Module model = Sequential.of(new Scatter(new int[] {0, 2}, 4), new BatchNorm(4));
    Costs costs = Costs.of(model, Shape.of(5, 5, 2));
    assertEquals(100, costs.bnElements());
    assertEquals(8, costs.bnParams());
  }

  @Test
  void summaryListsLayersInOrderAndPrintsTotals() {
    Linear twice = new Linear(4, 4);
    Module model = Sequential.of(twice, Activation.tanh(), twice, new Linear(4, 2, false));
    Summary summary = model.summary(4);
    assertEquals(
        List.of(
            "0 linear [4] 20 16",
            "1 activation [4] 0 0",
            "0#2 linear [4] 0 16",
            "3 linear [2] 8 8"),
        summary.rows().stream()
            .map(
                r ->
                    r.path()
                        + " "
                        + r.type()
                        + " "
                        + r.output()
                        + " "
                        + r.params()
                        + " "
                        + r.macs())
            .toList());
    String table = summary.toString();
    assertTrue(table.startsWith("layer"), table);
    assertTrue(table.contains("total"), table);
    assertTrue(ResNet.cifar(20, 10).summary(32, 32, 3).toString().contains("40,551,040"));
  }

  @Test
  void summaryShowsWhatHasParametersButDoesNotRun() {
    Module forgetful = new Forgetful();
    Summary summary = forgetful.summary(3);
    assertEquals("forgotten", summary.rows().get(2).path());
    assertEquals(9, summary.total().params());
    assertTrue(summary.toString().contains("not run"));
  }

  /** Runs one of its two children. */
  private static final class Forgetful extends Module {
    private final Linear used = child("used", new Linear(3, 1));

    Forgetful() {
      child("forgotten", new Linear(4, 1));
    }

    @Override
    protected Var forward(Pass pass, Var x) {
      return Ops.tanh(used.apply(pass, x));
    }

    @Override
    protected Spec describe() {
      return Spec.of("forgetful");
    }
  }

  @Test
  void masksAreCountedByEffectiveValues() {
    Linear layer = new Linear(3, 2, false);
    layer.initialize(1);
    layer.weight().attach(new FirstRowOnly());
    Costs costs = Costs.of(layer, Shape.of(3));
    assertEquals(6, costs.params());
    assertEquals(3, costs.nonZeroParams());
  }

  /** Keeps the first row of a 2x3 matrix. */
  private static final class FirstRowOnly implements Parametrization {
    @Override
    public Var apply(Pass pass, Var raw) {
      return Ops.mul(raw, Var.constant(Tensor.of(Shape.of(2, 3), 1f, 1, 1, 0, 0, 0)));
    }

    @Override
    public Map<String, Parameter> parameters() {
      return Map.of();
    }

    @Override
    public Spec spec() {
      return Spec.of("first_row");
    }
  }
}
