package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.AdaptivePool;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection.Variant;
import org.espalier.sparse.prune.criterion.nisp.PoolingRule;
import org.espalier.sparse.prune.criterion.nisp.PropagationRule;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of NISP of feature selection, the propagation rule and the pruner. */
class GoldenNeuronImportanceTest {
  static final String STEM = "10-nisp";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenNeuronImportanceTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("features")) {
      features(golden);
    } else if (golden.has("weights_from_input_to_frl")) {
      chain(golden);
    } else if (golden.has("kind")) {
      pool(golden);
    } else if (golden.has("fc1_w")) {
      new GoldenNeuronPruning(golden).check();
    } else if (golden.has("conv1")) {
      residual(golden);
    } else if (golden.has("weight")) {
      convolution(golden);
    } else if (golden.has("keep")) {
      optimum(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static Tensor tensor(double... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  private static void features(GoldenCase golden) {
    InfiniteFeatureSelection selection =
        new InfiniteFeatureSelection(
            golden.number("alpha", 0.5), golden.number("factor", 0.9), Variant.INFFS_2015);
    Tensor x = golden.tensor("features", DType.F64);
    InfiniteFeatureSelection.Ranking ranking = selection.rank(x);
    for (String key : golden.expected().keySet()) {
      switch (key) {
        case "spearman" -> golden.expect(key, ranking.spearman());
        case "A" -> golden.expect(key, ranking.affinity());
        case "spectral_radius" -> golden.expect(key, ranking.spectralRadius());
        case "r" -> golden.expect(key, ranking.r());
        case "score" -> golden.expect(key, tensor(ranking.scores()));
        case "ranking_best_first" -> order(golden, key, ranking);
        case "score_minmax_normalised_std" ->
            golden.expect(key, scores(selection, Variant.INFFS_2015_NORMALISED, x));
        case "score_infFS_U_2020" -> golden.expect(key, scores(selection, Variant.INFFS_U_2020, x));
        case "ranking_infFS_U_2020" ->
            order(golden, key, selection.withVariant(Variant.INFFS_U_2020).rank(x));
        case "score_population_std_variant" ->
            golden.expect(key, scores(selection, Variant.INFFS_2015_POPULATION, x));
        default -> throw new AssertionError(golden + ": no reader for " + key);
      }
    }
  }

  private static Tensor scores(InfiniteFeatureSelection selection, Variant variant, Tensor x) {
    return tensor(selection.withVariant(variant).rank(x).scores());
  }

  /** Features whose scores agree up to rounding may stand in either order. */
  private static void order(
      GoldenCase golden, String key, InfiniteFeatureSelection.Ranking ranking) {
    List<Integer> wanted =
        new ArrayList<>(
            GoldenCase.list(golden.expected().get(key)).stream()
                .map(value -> ((Number) value).intValue())
                .toList());
    List<Integer> found = new ArrayList<>(Arrays.stream(ranking.bestFirst()).boxed().toList());
    double[] scores = ranking.scores();
    for (int k = 0; k + 1 < wanted.size(); k++) {
      double gap = scores[wanted.get(k)] - scores[wanted.get(k + 1)];
      if (!found.get(k).equals(wanted.get(k)) && Math.abs(gap) < 1e-9 * scores[found.get(k)]) {
        java.util.Collections.swap(found, k, k + 1);
      }
    }
    golden.expect(key, found);
  }

  /** Walks from a model's output to its input. */
  private static Tensor back(Module model, Shape input, Tensor score, PropagationRule rule) {
    Recording recording =
        Recording.ofNumbers(model, Tensor.zeros(input.batched(1).sizes()).fill(0.5));
    Tensor seed = score.reshape(recording.output().shape());
    return Walk.run(recording.output(), seed, rule).of(recording.input());
  }

  private static Linear linear(Tensor weight) {
    Linear linear = new Linear(weight.shape().size(1), weight.shape().size(0), true);
    linear.initialize(1);
    linear.weight().set(weight);
    return linear;
  }

  private static void chain(GoldenCase golden) {
    List<Object> weights = GoldenCase.list(golden.inputs().get("weights_from_input_to_frl"));
    Tensor score = golden.tensor("score_frl", DType.F32);
    List<Object> scores = new ArrayList<>(List.of(score));
    for (int first = weights.size() - 1; first >= 0; first--) {
      Map<String, Module> layers = new LinkedHashMap<>();
      for (int k = first; k < weights.size(); k++) {
        layers.put("fc" + k, linear(GoldenCase.tensor(weights.get(k), DType.F32)));
      }
      Module net = new Sequential(layers);
      int in = GoldenCase.tensor(weights.get(first), DType.F32).shape().size(1);
      Tensor back = back(net, Shape.of(in), score, PropagationRule.DEFAULT);
      scores.add(back.reshape(Shape.of(in)));
    }
    golden.expect("score_per_layer_from_frl_to_input", scores);
  }

  /** Returns a map of the file, [c, h, w], channels last. */
  private static Tensor map(GoldenCase golden, String key) {
    Tensor file = golden.tensor(key, DType.F32);
    return file.shape().rank() == 1 ? file : ChannelsLast.of(file.reshape(file.shape().batched(1)));
  }

  private static Shape image(GoldenCase golden) {
    int[] sizes = golden.integers("input_shape");
    return Shape.of(sizes[1], sizes[2], sizes[0]);
  }

  private static Tensor file(Tensor map) {
    return ChannelsLast.undo(map).reshape(ChannelsLast.undo(map).shape().sample());
  }

  private static Tensor sums(Tensor map) {
    double[] sums = new double[map.shape().size(-1)];
    for (int e = 0; e < map.count(); e++) {
      sums[e % sums.length] += map.get(e);
    }
    return tensor(sums);
  }

  private static Conv2d conv(Tensor file, int stride, int padding, int dilation, int groups) {
    Shape shape = file.shape();
    Conv2d conv =
        new Conv2d(
            shape.size(1) * groups,
            shape.size(0),
            ConvConfig.kernel(shape.size(2), shape.size(3))
                .withStride(stride)
                .withPadding(padding)
                .withDilation(dilation)
                .withGroups(groups));
    conv.initialize(1);
    conv.weight().set(ChannelsLast.of(file));
    return conv;
  }

  private static void convolution(GoldenCase golden) {
    Conv2d conv =
        conv(
            golden.tensor("weight", DType.F32),
            golden.integer("stride"),
            golden.integer("padding"),
            (int) golden.number("dilation", 1),
            (int) golden.number("groups", 1));
    Tensor out = map(golden, "score_out");
    Tensor in = back(conv, image(golden), out, PropagationRule.DEFAULT);
    golden.expect("score_in", file(in));
    if (golden.expects("channel_score_in_sum")) {
      golden.expect("channel_score_in_sum", sums(in));
      golden.expect("channel_score_out_sum", sums(out));
    }
  }

  private static void pool(GoldenCase golden) {
    Tensor out = map(golden, "score_out");
    for (Module pool : pools(golden, out.shape())) {
      for (PoolingRule rule : PoolingRule.values()) {
        String key = rule == PoolingRule.UNIFORM ? "score_in_uniform" : "score_in_unit";
        if (golden.expects(key)) {
          PropagationRule walk = PropagationRule.DEFAULT.withPooling(rule);
          golden.expect(key, file(back(pool, image(golden), out, walk)));
        }
      }
    }
  }

  private static List<Module> pools(GoldenCase golden, Shape out) {
    String kind = golden.text("kind");
    if (kind.equals("global")) {
      return List.of(new GlobalAveragePool());
    }
    if (kind.equals("adaptive")) {
      return List.of(AdaptivePool.average(out.size(1), out.size(2)));
    }
    PoolOptions options =
        PoolOptions.kernel(golden.integer("kernel"))
            .withStride(golden.integer("stride"))
            .withPadding((int) golden.number("padding", 0));
    List<Module> pools = new ArrayList<>();
    if (kind.contains("max")) {
      pools.add(new MaxPool(options));
    }
    if (kind.contains("avg")) {
      pools.add(new AveragePool(options));
    }
    if (pools.isEmpty()) {
      throw new AssertionError(golden + ": no pool '" + kind + "'");
    }
    return pools;
  }

  private static void residual(GoldenCase golden) {
    int stride = golden.integer("stride");
    Conv2d conv2 = conv(golden.tensor("conv2", DType.F32), 1, 1, 1, 1);
    Conv2d conv1 = conv(golden.tensor("conv1", DType.F32), stride, 1, 1, 1);
    Module shortcut =
        golden.has("projection_1x1")
            ? conv(golden.tensor("projection_1x1", DType.F32), stride, 0, 1, 1)
            : null;
    Tensor out = map(golden, "score_out");
    Shape inner =
        Shape.of(out.shape().size(1), out.shape().size(2), conv2.weight().shape().size(3));
    golden.expect(
        "score_between_conv1_and_conv2", file(back(conv2, inner, out, PropagationRule.DEFAULT)));
    Module block = new Residual(Sequential.of(conv1, conv2), shortcut);
    golden.expect("score_in", file(back(block, image(golden), out, PropagationRule.DEFAULT)));
  }

  /** The pruner keeps the set that an exhaustive search finds best. */
  private static void optimum(GoldenCase golden) {
    double[] scores = golden.tensor("score", DType.F64).toDoubles();
    Module model =
        Sequential.of(new Linear(2, scores.length), new Linear(scores.length, 2)).initialize(1);
    ChannelGraph graph = ChannelGraph.of(model, Shape.of(2));
    int out = scores.length - golden.integer("keep");
    Pruner pruner = Pruner.local(group -> scores, (double) out / scores.length);
    pruner
        .plan(graph)
        .keep()
        .forEach(
            (group, keep) -> {
              golden.expect("kept", Arrays.stream(keep.toArray()).boxed().toList());
              double objective = 0;
              for (int channel : keep.complement().toArray()) {
                objective += scores[channel];
              }
              golden.expect("objective", objective);
            });
  }
}
