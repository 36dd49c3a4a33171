package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.tensor.Shape;

/**
 * Counts a small net by our convention and by two others in use, which are not ours and live only
 * here (structured-pruning reference, section 4.1).
 */
final class GoldenCounting {
  private static final Pattern CONV =
      Pattern.compile(
          "conv(\\d+)x\\d+(?: pad(\\d+))?(?: stride(\\d+))?.*\\((\\d+)->(\\d+)(?:, groups (\\d+))?.*");

  /** One layer, what it got and what it gave, for one sample. */
  private record Layer(Module module, Shape in, Shape out, long macs) {
    long biasAdds() {
      boolean bias =
          module instanceof Conv2d conv
              ? conv.bias() != null
              : module instanceof Linear && module.ownParameters().containsKey("bias");
      return bias ? out.count() : 0;
    }
  }

  private GoldenCounting() {}

  static void check(GoldenCase golden) {
    int[] sizes = golden.integers("input");
    Shape sample = Shape.of(sizes[1], sizes[2], sizes[0]);
    List<Layer> layers = new ArrayList<>();
    List<Module> modules = new ArrayList<>();
    try (Pass pass = Pass.shapes()) {
      Var x = pass.input(Shape.of(1, sizes[1], sizes[2], sizes[0]));
      for (String text : golden.text("net").split(" - ")) {
        Module module = layer(text.trim(), x.shape());
        int calls = pass.tape().calls().size();
        Var y = module.apply(pass, x);
        long macs =
            pass.tape().calls().stream()
                .skip(calls)
                .mapToLong(call -> call.op().cost(call.axes()).macs())
                .sum();
        layers.add(new Layer(module, x.shape(), y.shape(), macs));
        modules.add(module);
        x = y;
      }
    }
    Costs costs = Costs.of(Sequential.of(modules.toArray(Module[]::new)), sample);
    golden.expect("macs_conv_plus_linear", costs.macs());
    golden.expect("conv_macs", costs.convMacs());
    golden.expect("linear_macs", costs.linearMacs());
    golden.expect("params", costs.params());
    List<Long> counts = layers.stream().map(layer -> count(layer, 1, true)).toList();
    golden.expect("torch_pruning_op_count_per_layer", counts);
    golden.expect("torch_pruning_op_count", sum(counts));
    golden.expect(
        "counter_with_multiply_adds_as_2",
        sum(layers.stream().map(layer -> count(layer, 2, false)).toList()));
    golden.expect(
        "same_counter_multiply_adds_as_1",
        sum(layers.stream().map(layer -> count(layer, 1, false)).toList()));
  }

  private static long sum(List<Long> counts) {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  /** Counts a layer by a convention: pools by input element or by window. */
  private static long count(Layer layer, int factor, boolean poolsByInput) {
    if (layer.module instanceof BatchNorm) {
      return 2L * layer.out.count();
    }
    if (layer.module instanceof Activation) {
      return layer.out.count();
    }
    if (layer.module instanceof MaxPool) {
      int side = layer.in.size(1) / layer.out.size(1);
      return poolsByInput ? layer.in.count() : (long) side * side * layer.out.count();
    }
    return factor * layer.macs + layer.biasAdds();
  }

  private static Module layer(String text, Shape in) {
    boolean bias = text.contains("bias") && !text.contains("no bias");
    Matcher conv = CONV.matcher(text.substring(Math.max(0, text.indexOf("conv"))));
    if (conv.matches()) {
      ConvConfig config =
          ConvConfig.kernel(Integer.parseInt(conv.group(1)))
              .withPadding(number(conv.group(2), 0))
              .withStride(number(conv.group(3), 1))
              .withGroups(number(conv.group(6), 1))
              .withBias(bias);
      return new Conv2d(number(conv.group(4), 0), number(conv.group(5), 0), config);
    }
    if (text.startsWith("linear")) {
      Matcher out = Pattern.compile("->(\\d+)").matcher(text);
      if (out.find()) {
        return new Linear(in.size(-1), number(out.group(1), 0), bias);
      }
    }
    if (text.startsWith("maxpool")) {
      return new MaxPool(PoolOptions.kernel(Integer.parseInt(text.substring(7))));
    }
    return switch (text) {
      case "batchnorm" -> new BatchNorm(in.size(-1));
      case "relu" -> Activation.relu();
      case "flatten" -> new Flatten();
      default -> throw new AssertionError("no layer '" + text + "'");
    };
  }

  private static int number(String text, int otherwise) {
    return text == null ? otherwise : Integer.parseInt(text);
  }
}
