package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Dropout;
import org.espalier.nn.model.WideResNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs blocks and networks of sheet 14 with given weights and compares outputs, gradients, running
 * statistics and counts.
 */
class GoldenWideResNetTest {
  static final String STEM = "14-wide-resnet";
  private static final String BLOCK_PREFIX = "b.";

  @TestFactory
  Stream<DynamicTest> float32() {
    return GoldenFolder.tests(STEM, golden -> run(golden, DType.F32));
  }

  @TestFactory
  Stream<DynamicTest> float64() {
    return GoldenFolder.tests(STEM, golden -> run(golden, DType.F64));
  }

  private static void run(GoldenCase golden, DType dtype) {
    switch (golden.text("op")) {
      case "wrn_basic_block", "wrn_basic_block_dropout" ->
          new Run(golden, dtype, block(golden, dtype), BLOCK_PREFIX).check();
      case "wrn" -> new Run(golden, dtype, network(golden), "").check();
      case "wrn_counts" -> counts(golden);
      default -> throw new AssertionError(golden + ": no reader for this op");
    }
  }

  private static Module network(GoldenCase golden) {
    assertEquals(16, golden.number("stem_channels", 16), "the stem is always 16 wide");
    return WideResNet.of(
        golden.integer("depth"), golden.number("widen_factor"), golden.integer("num_classes"));
  }

  private static void counts(GoldenCase golden) {
    int[] input = golden.integers("input");
    Costs costs = Costs.of(network(golden), Shape.of(input[1], input[2], input[0]));
    golden.expect("params", costs.params());
    golden.expect("macs", costs.macs());
  }

  private static Module block(GoldenCase golden, DType dtype) {
    double p = golden.number("p", 0);
    Module block =
        WideResNet.block(
            golden.integer("in"),
            golden.integer("out"),
            golden.integer("stride"),
            WideResNet.Options.DEFAULT.withDropout(p));
    if (p > 0) {
      Tensor keep = ChannelsLast.of(golden, "keep_mask", dtype);
      branch(block).replace("dropout", Dropout.withMask(p, keep));
    }
    return block;
  }

  private static Sequential branch(Module block) {
    Module residual = block instanceof Residual ? block : block.children().get("residual");
    return (Sequential) ((Residual) residual).branch();
  }

  /** One module with the case's weights. */
  private static final class Run {
    private final GoldenCase golden;
    private final DType dtype;
    private final Module model;
    private final String prefix;
    private final Map<String, Parameter> byName = new LinkedHashMap<>();

    Run(GoldenCase golden, DType dtype, Module model, String prefix) {
      this.golden = golden;
      this.dtype = dtype;
      this.model = model;
      this.prefix = prefix;
      model.initialize(1).convert(dtype);
      Map<String, String> names = WideResNet.publishedNames(model);
      model
          .state()
          .forEach(
              (path, parameter) -> {
                if (!path.endsWith("dropout.mask")) {
                  byName.put(prefix + names.get(path), parameter);
                }
              });
    }

    void check() {
      byName.forEach(
          (name, parameter) ->
              parameter.set(
                  ChannelsLast.of(golden, (parameter.isBuffer() ? "b/" : "p/") + name, dtype)));
      assertEquals(given(), new TreeSet<>(byName.keySet()), golden + " sets every tensor");
      boolean training = golden.flag("training", true);
      try (Pass pass = training ? Pass.train(Workspace.poisoned(), Random.of(1)) : Pass.study()) {
        Var x = pass.inputWithGradient(ChannelsLast.of(golden, "x", dtype));
        Var y = model.apply(pass, x);
        golden.expect("y", ChannelsLast.undo(y.value()));
        Gradients gradients = Walk.run(y, ChannelsLast.of(golden, "gy", dtype), Rule.GRADIENT);
        if (golden.expects("gx")) {
          golden.expect("gx", ChannelsLast.undo(gradients.of(x)));
        }
        byName.forEach((name, parameter) -> compare(name, parameter, gradients));
      }
    }

    private Set<String> given() {
      return golden.inputs().keySet().stream()
          .filter(key -> key.startsWith("p/") || key.startsWith("b/"))
          .map(key -> key.substring(2))
          .collect(Collectors.toCollection(TreeSet::new));
    }

    private void compare(String name, Parameter parameter, Gradients gradients) {
      if (golden.expects("b/" + name)) {
        golden.expect("b/" + name, parameter.raw());
      }
      if (golden.expects("g/" + name)) {
        golden.expect("g/" + name, ChannelsLast.undo(gradients.of(parameter)));
      }
      if (golden.expects("gnorm/" + name)) {
        golden.expect("gnorm/" + name, norm(gradients.of(parameter)));
      }
    }

    private static double norm(Tensor tensor) {
      double sum = 0;
      for (double value : tensor.toDoubles()) {
        sum += value * value;
      }
      return Math.sqrt(sum);
    }
  }
}
