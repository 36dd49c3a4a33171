package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.List;
import java.util.stream.IntStream;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.LeNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.ResNet.Shortcut;
import org.espalier.nn.model.Vgg;
import org.espalier.nn.model.WideResNet;
import org.espalier.tensor.Shape;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the costs of models with the table of the structured-pruning reference, section 4.2. */
class CostTableTest {
  private static Module model(String name) {
    return switch (name) {
      case "resnet20" -> ResNet.cifar(20, 10);
      case "resnet32" -> ResNet.cifar(32, 10);
      case "resnet56" -> ResNet.cifar(56, 10);
      case "resnet110" -> ResNet.cifar(110, 10);
      case "resnet56-b" -> ResNet.cifar(56, 10, Shortcut.OPTION_B);
      case "resnet18/224" -> ResNet.imagenet(18, 1000);
      case "resnet34/224" -> ResNet.imagenet(34, 1000);
      case "resnet50/224" -> ResNet.imagenet(50, 1000);
      case "vgg16" -> Vgg.cifar(16, 10);
      case "vgg16-plain" -> Vgg.cifar(16, 3, 10, Vgg.Head.ONE_LINEAR, false);
      case "vgg16-hidden" -> Vgg.cifar(16, 3, 10, Vgg.Head.HIDDEN_LINEAR, true);
      case "vgg16-hidden-plain" -> Vgg.cifar(16, 3, 10, Vgg.Head.HIDDEN_LINEAR, false);
      case "vgg16/224" -> Vgg.imagenet(16, 3, 1000);
      case "wrn16-4" -> WideResNet.of(16, 4, 10);
      case "wrn16-8" -> WideResNet.of(16, 8, 10);
      case "wrn16-10" -> WideResNet.of(16, 10, 10);
      case "wrn28-10" -> WideResNet.of(28, 10, 10);
      case "wrn40-1" -> WideResNet.of(40, 1, 10);
      case "wrn40-4" -> WideResNet.of(40, 4, 10);
      case "densenet40" -> DenseNet.plain(40, 12, 3, 10);
      case "mobilenet" -> MobileNetV2.cifar(3, 10);
      case "mobilenet/224" -> MobileNetV2.imagenet(3, 1000);
      case "lenet5" -> LeNet.lenet5(32, 32, 3, 10);
      case "caffe" -> LeNet.caffe(28, 28, 1, 10);
      default -> throw new IllegalArgumentException(name);
    };
  }

  private static Shape sample(String name) {
    return name.endsWith("/224")
        ? Shape.of(224, 224, 3)
        : name.equals("caffe") ? Shape.of(28, 28, 1) : Shape.of(32, 32, 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
      # model            |      conv macs |      linear |      params |       conv |   norm |   bias
      resnet20           |     40_550_400 |         640 |     269_722 |    267_696 |  1_376 |     10
      resnet32           |     68_861_952 |         640 |     464_154 |    461_232 |  2_272 |     10
      resnet56           |    125_485_056 |         640 |     853_018 |    848_304 |  4_064 |     10
      resnet110          |    252_887_040 |         640 |   1_727_962 |  1_719_216 |  8_096 |     10
      resnet56-b         |    125_747_200 |         640 |     855_770 |    850_864 |  4_256 |     10
      resnet18/224       |  1_813_561_344 |     512_000 |  11_689_512 | 11_166_912 |  9_600 |  1_000
      resnet34/224       |  3_663_249_408 |     512_000 |  21_797_672 | 21_267_648 | 17_024 |  1_000
      resnet50/224       |  4_087_136_256 |   2_048_000 |  25_557_032 | 23_454_912 | 53_120 |  1_000
      vgg16              |    313_196_544 |       5_120 |  14_728_266 | 14_710_464 |  8_448 |  4_234
      vgg16-plain        |    313_196_544 |       5_120 |  14_724_042 | 14_710_464 |  8_448 |     10
      vgg16-hidden       |    313_196_544 |     267_264 |  14_991_946 | 14_710_464 |  9_472 |  4_746
      vgg16-hidden-plain |    313_196_544 |     267_264 |  14_987_722 | 14_710_464 |  9_472 |    522
      vgg16/224          | 15_346_630_656 | 123_633_664 | 138_365_992 | 14_710_464 |  8_448 | 13_416
      wrn16-4            |    392_609_792 |       2_560 |   2_748_890 |  2_742_704 |  3_616 |     10
      wrn16-8            |  1_548_140_544 |       5_120 |  10_961_370 | 10_949_040 |  7_200 |     10
      wrn16-10           |  2_412_167_168 |       6_400 |  17_116_634 | 17_101_232 |  8_992 |     10
      wrn28-10           |  5_243_322_368 |       6_400 |  36_479_194 | 36_454_832 | 17_952 |     10
      wrn40-1            |     83_279_872 |         640 |     563_930 |    560_560 |  2_720 |     10
      wrn40-4            |  1_298_579_456 |       2_560 |   8_949_210 |  8_935_856 | 10_784 |     10
      densenet40         |    282_912_768 |       4_560 |   1_059_298 |  1_036_008 | 18_720 |     10
      mobilenet          |     87_963_648 |      12_800 |   2_236_682 |  2_189_760 | 34_112 |     10
      mobilenet/224      |    299_494_272 |   1_280_000 |   3_504_872 |  2_189_760 | 34_112 |  1_000
      lenet5             |        592_800 |      58_920 |      62_006 |      2_850 |      0 |    236
      caffe              |      1_888_000 |     405_000 |     431_080 |     25_500 |      0 |    580
      """)
  void networksCostWhatTheTableSays(ArgumentsAccessor row) {
    Module model = model(row.getString(0));
    Costs costs = Costs.of(model, sample(row.getString(0)));
    assertEquals(
        IntStream.range(1, 7).mapToObj(row::getString).map(CostTableTest::number).toList(),
        List.of(
            costs.convMacs(),
            costs.linearMacs(),
            costs.params(),
            costs.convWeightParams(),
            costs.bnParams(),
            costs.biasParams()));
    assertEquals(costs.convMacs() + costs.linearMacs(), costs.macs());
    assertEquals(costs.linearMacs(), costs.linearWeightParams(), "a weight is used once");
    assertFalse(model.isInitialized(), "counting must not draw weights");
  }

  private static long number(String text) {
    return Long.parseLong(text.replace("_", ""));
  }
}
