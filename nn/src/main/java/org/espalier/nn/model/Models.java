package org.espalier.nn.model;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Sequential;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;

/**
 * Finds architectures by name, as the command line writes them. Names are case-insensitive; numbers
 * in them are free within each family's rule.
 */
public final class Models {
  /** Makes a model from the numbers in a name, the input's sizes and the number of classes. */
  @FunctionalInterface
  private interface Family {
    Sequential make(Matcher name, Shape input, int classes);
  }

  /** What a family's names look like, for messages, and how it makes a model of one. */
  private record Entry(String example, Family family) {}

  private static final Map<Pattern, Entry> FAMILIES = new LinkedHashMap<>();

  static {
    add("mlp(?:-(\\d+(?:-\\d+)*))?", "mlp, mlp-300-100", Models::mlp);
    add("lenet5?", "lenet5", (n, in, c) -> LeNet.lenet5(in.size(0), in.size(1), in.size(2), c));
    add(
        "lenet-caffe",
        "lenet-caffe",
        (n, in, c) -> LeNet.caffe(in.size(0), in.size(1), in.size(2), c));
    add(
        "mnist[-_]cnn",
        "mnist_cnn",
        (n, in, c) -> LeNet.mnistCnn(in.size(0), in.size(1), in.size(2), c));
    add(
        "resnet(18|34|50|101|152)",
        "resnet18 | resnet34 | resnet50 | resnet101 | resnet152 (ImageNet)",
        (n, in, c) -> ResNet.imagenet(number(n, 1), in.size(2), c, 64, false));
    add(
        "resnet(\\d+)(b?)",
        "resnet20 | resnet32 | resnet44 | resnet56 | resnet110 (CIFAR, option A; resnet20b: option B)",
        Models::cifarResNet);
    add(
        "wrn-50-2",
        "wrn-50-2 (ImageNet bottleneck)",
        (n, in, c) -> ResNet.imagenet(50, in.size(2), c, 128, false));
    add(
        "wrn-(\\d+)-(\\d+(?:\\.\\d+)?)(?:-d(0?\\.\\d+|0))?",
        "wrn-16-4, wrn-28-10-d0.3 (dropout 0.3)",
        Models::wideResNet);
    add(
        "vgg(16|19)(?:-bn)?(-hidden|-224)?",
        "vgg16, vgg19, vgg16-hidden (two linear layers), vgg16-224",
        Models::vgg);
    add(
        "densenet-?(\\d+)(?:-(\\d+))?",
        "densenet40 (k = 12), densenet-40-24",
        (n, in, c) -> DenseNet.plain(number(n, 1), optional(n, 2, 12), in.size(2), c));
    add(
        "densenet-bc-(\\d+)(?:-(\\d+))?",
        "densenet-bc-100-12",
        (n, in, c) -> DenseNet.bottleneck(number(n, 1), optional(n, 2, 12), in.size(2), c));
    add(
        "mobilenet-?v2(-224)?",
        "mobilenetv2 (CIFAR strides), mobilenetv2-224",
        (n, in, c) ->
            n.group(1) == null
                ? MobileNetV2.cifar(in.size(2), c)
                : MobileNetV2.imagenet(in.size(2), c));
  }

  private Models() {}

  private static void add(String pattern, String example, Family family) {
    FAMILIES.put(Pattern.compile(pattern), new Entry(example, family));
  }

  /**
   * Returns a new model.
   *
   * @param name such as {@code resnet20} or {@code wrn-16-4}
   * @param input sizes of one image, {@code [h, w, c]}
   * @param classes number of outputs
   */
  public static Sequential byName(String name, Shape input, int classes) {
    if (input.rank() != 3) {
      throw new ShapeException(name + ": the input must be one image [h, w, c], got " + input);
    }
    if (classes < 1) {
      throw new IllegalArgumentException(name + ": needs at least one class, got " + classes);
    }
    String wanted = name.toLowerCase(Locale.ROOT);
    for (Map.Entry<Pattern, Entry> candidate : FAMILIES.entrySet()) {
      Matcher matcher = candidate.getKey().matcher(wanted);
      if (matcher.matches()) {
        return candidate.getValue().family.make(matcher, input, classes);
      }
    }
    throw new IllegalArgumentException("no model is called '" + name + "'; there are " + names());
  }

  /** Returns examples of every family's names, for help texts. */
  public static String names() {
    return String.join("; ", FAMILIES.values().stream().map(Entry::example).toList());
  }

  private static int number(Matcher name, int group) {
    return optional(name, group, -1);
  }

  private static int optional(Matcher name, int group, int otherwise) {
    return name.group(group) == null ? otherwise : number(name, name.group(group));
  }

  private static int number(Matcher name, String digits) {
    try {
      return Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "model: the number " + digits + " in '" + name.group() + "' is too large", e);
    }
  }

  private static Sequential mlp(Matcher name, Shape input, int classes) {
    String[] hidden =
        name.group(1) == null ? new String[] {"300", "100"} : name.group(1).split("-");
    int[] sizes = new int[hidden.length + 2];
    sizes[0] = input.count();
    for (int i = 0; i < hidden.length; i++) {
      sizes[i + 1] = number(name, hidden[i]);
    }
    sizes[sizes.length - 1] = classes;
    return Mlp.of(sizes);
  }

  private static Sequential cifarResNet(Matcher name, Shape input, int classes) {
    ResNet.Shortcut shortcut =
        name.group(2).isEmpty() ? ResNet.Shortcut.OPTION_A : ResNet.Shortcut.OPTION_B;
    return ResNet.cifar(number(name, 1), input.size(2), classes, shortcut, false);
  }

  private static Sequential wideResNet(Matcher name, Shape input, int classes) {
    double dropout = name.group(3) == null ? 0 : Double.parseDouble(name.group(3));
    return WideResNet.of(
        number(name, 1),
        Double.parseDouble(name.group(2)),
        classes,
        WideResNet.Options.DEFAULT.withChannels(input.size(2)).withDropout(dropout));
  }

  private static Sequential vgg(Matcher name, Shape input, int classes) {
    int depth = number(name, 1);
    String form = name.group(2) == null ? "" : name.group(2);
    return switch (form) {
      case "-224" -> Vgg.imagenet(depth, input.size(2), classes);
      case "-hidden" -> Vgg.cifar(depth, input.size(2), classes, Vgg.Head.HIDDEN_LINEAR, true);
      default -> Vgg.cifar(depth, input.size(2), classes, Vgg.Head.ONE_LINEAR, true);
    };
  }
}
