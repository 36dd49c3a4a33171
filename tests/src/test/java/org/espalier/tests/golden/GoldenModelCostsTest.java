package org.espalier.tests.golden;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.model.DenseNet;
import org.espalier.nn.model.LeNet;
import org.espalier.nn.model.MobileNetV2;
import org.espalier.nn.model.ResNet;
import org.espalier.nn.model.Vgg;
import org.espalier.nn.model.WideResNet;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compares the costs of standard networks with those counted elsewhere, integer by integer. */
class GoldenModelCostsTest {
  static final String STEM = "00-model-costs";

  @TestFactory
  Stream<DynamicTest> costs() {
    return GoldenFolder.tests(STEM, GoldenModelCostsTest::check);
  }

  private static void check(GoldenCase golden) {
    int[] first = golden.integers("input");
    Shape sample = Shape.of(first[1], first[2], first[0]);
    Costs costs = Costs.of(model(golden, sample), sample);
    golden.expect("macs", costs.macs());
    golden.expect("conv_macs", costs.convMacs());
    golden.expect("linear_macs", costs.linearMacs());
    golden.expect("params", costs.params());
    golden.expect("conv_weight_params", costs.convWeightParams());
    golden.expect("linear_weight_params", costs.linearWeightParams());
    golden.expect("bn_affine_params", costs.bnParams());
    golden.expect("bias_params", costs.biasParams());
    golden.expect("conv_bias_adds", costs.convBiasAdds());
    golden.expect("linear_bias_adds", costs.linearBiasAdds());
    golden.expect("bn_elems", costs.bnElements());
    golden.expect("bn_buffers", costs.bnBuffers());
    golden.expect("convs", costs.convs());
  }

  /** Names are words, not keys: what matters is read out of them. */
  private static Module model(GoldenCase golden, Shape sample) {
    String name = golden.name().toLowerCase(Locale.ROOT);
    int classes = golden.integer("classes");
    boolean large = name.contains("224") || name.contains("torchvision");
    if (name.startsWith("wide_resnet")) {
      int[] depthAndWidth = numbers(name, "wide_resnet(\\d+)_(\\d+)");
      return ResNet.imagenet(
          depthAndWidth[0], sample.size(2), classes, 64 * depthAndWidth[1], false);
    }
    if (name.startsWith("resnet")) {
      int depth = numbers(name, "resnet-?(\\d+)")[0];
      return large
          ? ResNet.imagenet(depth, sample.size(2), classes, 64, false)
          : ResNet.cifar(depth, sample.size(2), classes, shortcut(name), false);
    }
    if (name.startsWith("vgg")) {
      int depth = numbers(name, "vgg-?(\\d+)")[0];
      return large ? Vgg.imagenet(depth, sample.size(2), classes) : vgg(name, depth, classes);
    }
    if (name.startsWith("wrn")) {
      Matcher matcher = match(name, "wrn-(\\d+)-([\\d.]+)");
      WideResNet.Options options = WideResNet.Options.DEFAULT.withChannels(sample.size(2));
      return WideResNet.of(
          Integer.parseInt(matcher.group(1)),
          Double.parseDouble(matcher.group(2)),
          classes,
          options);
    }
    if (name.startsWith("densenet")) {
      int depth = numbers(name, "densenet-(?:bc-)?(\\d+)")[0];
      int growth = numbers(name, "k\\s*=\\s*(\\d+)")[0];
      return name.contains("bc")
          ? DenseNet.bottleneck(depth, growth, sample.size(2), classes)
          : DenseNet.plain(depth, growth, sample.size(2), classes);
    }
    if (name.startsWith("mobilenet")) {
      return large
          ? MobileNetV2.imagenet(sample.size(2), classes)
          : MobileNetV2.cifar(sample.size(2), classes);
    }
    if (name.startsWith("lenet")) {
      return name.contains("500")
          ? LeNet.caffe(sample.size(0), sample.size(1), sample.size(2), classes)
          : LeNet.lenet5(sample.size(0), sample.size(1), sample.size(2), classes);
    }
    throw new AssertionError(golden + ": no model is known by this name");
  }

  private static ResNet.Shortcut shortcut(String name) {
    return name.contains("option b") ? ResNet.Shortcut.OPTION_B : ResNet.Shortcut.OPTION_A;
  }

  private static Module vgg(String name, int depth, int classes) {
    Vgg.Head head = name.contains("one linear") ? Vgg.Head.ONE_LINEAR : Vgg.Head.HIDDEN_LINEAR;
    return Vgg.cifar(depth, 3, classes, head, !name.contains("no conv bias"));
  }

  private static int[] numbers(String name, String pattern) {
    Matcher matcher = match(name, pattern);
    int[] numbers = new int[matcher.groupCount()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = Integer.parseInt(matcher.group(i + 1));
    }
    return numbers;
  }

  private static Matcher match(String name, String pattern) {
    Matcher matcher = Pattern.compile(pattern).matcher(name);
    if (!matcher.find()) {
      throw new AssertionError("'" + name + "' has no " + pattern);
    }
    return matcher;
  }
}
