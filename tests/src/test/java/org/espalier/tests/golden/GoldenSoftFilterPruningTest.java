package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.espalier.autograd.Call;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.FilterNorm;
import org.espalier.sparse.prune.PruneSchedule;
import org.espalier.sparse.prune.Rounding;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of soft filter pruning of its callback, schedules and extraction. */
class GoldenSoftFilterPruningTest {
  static final String STEM = "05-soft-filter-pruning";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenSoftFilterPruningTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("init")) {
      GoldenTrajectory.check(golden);
    } else if (golden.has("arch")) {
      maskedParameters(golden);
    } else if (golden.has("prune_ratio_goal")) {
      schedule(golden);
    } else if (golden.has("columns")) {
      formula(golden);
    } else if (golden.has("table")) {
      counts(golden);
    } else if (golden.has("conv3")) {
      GoldenExtraction.bottleneck(golden);
    } else if (golden.has("B_padding")) {
      GoldenExtraction.chain(golden);
    } else if (golden.has("weight")) {
      mask(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  /** Prunes a network of one convolution, or of one before the linear layer of the case. */
  private static void mask(GoldenCase golden) {
    Tensor file = golden.tensor("weight", DType.F32);
    boolean linear = file.shape().rank() == 2;
    Shape shape = file.shape();
    int in = linear ? 2 : shape.size(1);
    int filters = linear ? shape.size(1) : shape.size(0);
    ConvConfig config =
        linear ? ConvConfig.kernel(1) : ConvConfig.kernel(shape.size(2), shape.size(3));
    Conv2d conv = new Conv2d(in, filters, config.withoutBias());
    Linear head = new Linear(filters, linear ? shape.size(0) : 2);
    Module model = Sequential.of(conv, new GlobalAveragePool(), head).initialize(1);
    Parameter weight = linear ? head.weight() : conv.weight();
    weight.set(ChannelsLast.of(file));
    double ratio =
        golden.has("prune_ratio") ? golden.number("prune_ratio") : 1 - golden.number("keep_rate");
    FilterNorm norm = golden.number("p", 2) == 1 ? FilterNorm.L1 : FilterNorm.L2;
    if (golden.expects("filter_norms")) {
      double[] norms = norm.of(weight.value());
      golden.expect("filter_norms", Tensor.of(Shape.of(norms.length), norms));
    }
    SoftFilterPruning.builder(Shape.of(8, 8, in), PruneSchedule.constant(ratio))
        .norm(norm)
        .build()
        .prune(model, 0);
    Set<Integer> zero = zeroRows(weight.value());
    expectIf(golden, "pruned_count", zero.size());
    expectIf(golden, "pruned_indices", List.copyOf(zero));
    if (golden.expects("filter_mask")) {
      Tensor mask = Tensor.full(DType.F32, Shape.of(filters), 1);
      zero.forEach(row -> mask.set(row, 0));
      golden.expect("filter_mask", mask);
    }
    if (golden.expects("masked_weight")) {
      golden.expect("masked_weight", ChannelsLast.undo(weight.value()));
    }
  }

  private static void expectIf(GoldenCase golden, String key, Object value) {
    if (golden.expects(key)) {
      golden.expect(key, value);
    }
  }

  /** Returns the rows that are zero throughout. */
  static Set<Integer> zeroRows(Tensor weight) {
    Set<Integer> zero = new TreeSet<>();
    int rows = weight.shape().size(0);
    int row = weight.count() / rows;
    for (int o = 0; o < rows; o++) {
      boolean all = true;
      for (int e = o * row; e < (o + 1) * row; e++) {
        all &= weight.get(e) == 0;
      }
      if (all) {
        zero.add(o);
      }
    }
    return zero;
  }

  private static void counts(GoldenCase golden) {
    List<Integer> ours = new ArrayList<>();
    List<Integer> released = new ArrayList<>();
    for (Object row : GoldenCase.list(golden.inputs().get("table"))) {
      List<Object> numbers = GoldenCase.list(row);
      int filters = ((Number) numbers.get(0)).intValue();
      double keepRate = ((Number) numbers.get(1)).doubleValue();
      ours.add(Rounding.PRUNE_FLOOR.pruned(filters, ((Number) numbers.get(2)).doubleValue()));
      // The released arithmetic lives only here, to show where it differs.
      released.add((int) (filters * (1 - keepRate)));
    }
    golden.expect("our_count_floor_NP_plus_1e-9", ours);
    golden.expect("released_code_count", released);
  }

  private static void maskedParameters(GoldenCase golden) {
    int depth = Integer.parseInt(golden.text("arch").replaceAll("\\D*(\\d+).*", "$1"));
    Module model = ResNet.cifar(depth, 10).initialize(1);
    Set<Parameter> weights = SoftFilterPruning.of(Shape.of(32, 32, 3), 0.4).prune(model, 0);
    List<String> names = new ArrayList<>();
    List<List<Integer>> shapes = new ArrayList<>();
    List<String> others = new ArrayList<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (weights.contains(parameter)) {
                Shape s = parameter.shape();
                names.add(released(path));
                shapes.add(List.of(s.size(0), s.size(3), s.size(1), s.size(2)));
              } else if (parameter.shape().rank() > 1) {
                others.add(released(path));
              }
            });
    golden.expect("masked", names);
    golden.expect("masked_shapes", shapes);
    golden.expect("weights_not_masked", others);
  }

  /** Returns the released code's name of one of our paths. */
  private static String released(String path) {
    return path.replaceFirst("^conv1\\.", "conv_1_3x3.")
        .replaceFirst("^layer", "stage_")
        .replace(".branch.conv1.", ".conv_a.")
        .replace(".branch.conv2.", ".conv_b.")
        .replaceFirst("^linear\\.", "classifier.");
  }

  private static void schedule(GoldenCase golden) {
    int epochs = golden.integer("epochs");
    double start = golden.number("prune_ratio_min");
    double goal = golden.number("prune_ratio_goal");
    double share = golden.number("D");
    PruneSchedule schedule = PruneSchedule.asymptotic(start, goal, epochs, share);
    Tensor ratios = Tensor.zeros(DType.F64, Shape.of(epochs));
    List<Integer> pruned = new ArrayList<>();
    for (int epoch = 0; epoch < epochs; epoch++) {
      ratios.set(epoch, schedule.ratio(epoch));
      pruned.add(Rounding.PRUNE_FLOOR.pruned(64, schedule.ratio(epoch)));
    }
    golden.expect("prune_ratio", ratios);
    expectIf(golden, "pruned_of_64", pruned);
    // Three ratios give back the exponential: P(e) = a·exp(-k·e) + b.
    double first = schedule.ratio(1) - schedule.ratio(0);
    double second = schedule.ratio(2) - schedule.ratio(1);
    double k = -Math.log(second / first);
    double a = first / (Math.exp(-k) - 1);
    golden.expect("k", k);
    golden.expect("a", a);
    golden.expect("b", schedule.ratio(0) - a);
  }

  /** Computes the released FLOP formula, which allows fractions of channels. */
  private static void formula(GoldenCase golden) {
    List<Double> flops = new ArrayList<>();
    List<Double> reductions = new ArrayList<>();
    for (Object row : GoldenCase.list(golden.inputs().get("table"))) {
      List<Object> numbers = GoldenCase.list(row);
      int depth = ((Number) numbers.get(0)).intValue();
      double rate = ((Number) numbers.get(1)).doubleValue();
      double dense = 0;
      double pruned = 0;
      for (Map.Entry<String, Long> conv : convolutions(depth).entrySet()) {
        dense += conv.getValue();
        pruned += conv.getValue() * factor(conv.getKey(), rate);
      }
      flops.add(pruned);
      reductions.add(1 - pruned / dense);
    }
    golden.expect("flops", flops);
    golden.expect("reduction", reductions);
  }

  private static double factor(String scope, double rate) {
    boolean full = scope.endsWith("conv1") && !scope.startsWith("layer1.0.");
    return full ? rate : rate * rate;
  }

  private static Map<String, Long> convolutions(int depth) {
    Map<String, Long> macs = new LinkedHashMap<>();
    try (Pass pass = Pass.shapes()) {
      ResNet.cifar(depth, 10).apply(pass, pass.input(Shape.of(1, 32, 32, 3)));
      for (Call call : pass.tape().calls()) {
        if (call.op().name().equals("conv2d")) {
          macs.put(call.scope(), call.op().cost(call.axes()).macs());
        }
      }
    }
    return macs;
  }
}
