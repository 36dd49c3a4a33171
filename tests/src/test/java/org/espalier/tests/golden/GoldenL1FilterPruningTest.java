package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.nn.Costs;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.ResNet;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.Rounding;
import org.espalier.sparse.prune.Sensitivity;
import org.espalier.sparse.prune.SensitivityAnalysis;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.sparse.prune.criterion.Reversed;
import org.espalier.sparse.prune.criterion.filter.FilterPruning;
import org.espalier.sparse.prune.criterion.filter.StagePlan;
import org.espalier.sparse.prune.criterion.filter.StreamPolicy;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of filter pruning by absolute sums of its criteria, plans and cuts. */
class GoldenL1FilterPruningTest {
  static final String STEM = "11-l1-filter-pruning";

  private static final FilterPruning GREEDY = FilterPruning.greedy();
  private static final FilterPruning INDEPENDENT = GREEDY.independent();

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenL1FilterPruningTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("weights")) {
      strategies(golden);
    } else if (golden.has("table")) {
      counts(golden);
    } else if (golden.has("cfg")) {
      GoldenSurgery.vgg(golden);
    } else if (golden.has("blocks_per_stage")) {
      GoldenSurgery.resnet(golden);
    } else if (golden.has("shortcut_1x1")) {
      projection(golden);
    } else if (golden.has("convs")) {
      sensitivity(golden);
    } else if (golden.has("configs")) {
      configurations(golden);
    } else if (golden.expects("scores")) {
      GoldenMapActivity.check(golden);
    } else if (golden.has("weight")) {
      norms(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  /** Returns a chain of convolutions that holds these weights, and a head. */
  private static Module chain(List<Tensor> files, List<Tensor> biases, boolean relu) {
    Sequential.Builder net = Sequential.builder();
    int out = 0;
    for (int i = 0; i < files.size(); i++) {
      Shape shape = files.get(i).shape();
      out = shape.size(0);
      ConvConfig config =
          ConvConfig.kernel(shape.size(2), shape.size(3))
              .withPadding(shape.size(2) / 2)
              .withBias(biases.get(i) != null);
      net.add("conv" + i, new Conv2d(shape.size(1), out, config));
      if (relu) {
        net.add("relu" + i, Activation.relu());
      }
    }
    Module model = net.add("pool", new GlobalAveragePool()).add("fc", new Linear(out, 2)).build();
    model.initialize(1);
    for (int i = 0; i < files.size(); i++) {
      model.parameter("conv" + i + ".weight").set(ChannelsLast.of(files.get(i)));
      if (biases.get(i) != null) {
        model.parameter("conv" + i + ".bias").set(biases.get(i));
      }
    }
    return model;
  }

  private static ChannelGraph graph(Module model) {
    Shape first = model.state().values().iterator().next().shape();
    return ChannelGraph.of(model, Shape.of(9, 9, first.size(-1)));
  }

  private static ChannelGraph single(Tensor weight) {
    return graph(chain(List.of(weight), Collections.singletonList(null), false));
  }

  private static List<Integer> kept(PruningPlan plan, ChannelGroup group) {
    return IntStream.of(plan.keep().get(group).toArray()).boxed().toList();
  }

  static List<Integer> kept(FilterPruning method, ChannelGraph graph, double ratio) {
    return kept(method.plan(graph, Ratios.of(ratio)), graph.prunable().get(0));
  }

  static Tensor tensor(double... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  private static void norms(GoldenCase golden) {
    ChannelGraph graph = single(golden.tensor("weight", DType.F32));
    ChannelGroup group = graph.prunable().get(0);
    double ratio = golden.number("prune_ratio");
    golden.expect("l1", tensor(L1Norm.ofFilters().score(group)));
    double[] squares = L2Norm.ofFilters().score(group);
    golden.expect(
        "l2",
        tensor(
            IntStream.range(0, squares.length).mapToDouble(i -> Math.sqrt(squares[i])).toArray()));
    golden.expect("keep_count", kept(GREEDY, graph, ratio).size());
    golden.expect("kept_l1", kept(GREEDY, graph, ratio));
    golden.expect("kept_l2", kept(GREEDY.by(L2Norm.ofFilters()), graph, ratio));
    Criterion largest = new Reversed(L1Norm.ofFilters());
    golden.expect("kept_largest_pruned_baseline", kept(GREEDY.by(largest), graph, ratio));
  }

  private static void counts(GoldenCase golden) {
    List<Integer> keep = new ArrayList<>();
    for (Object row : GoldenCase.list(golden.inputs().get("table"))) {
      List<Object> numbers = GoldenCase.list(row);
      int filters = ((Number) numbers.get(0)).intValue();
      double ratio = ((Number) numbers.get(1)).doubleValue();
      keep.add(Math.max(1, filters - Rounding.KEEP_FLOOR.pruned(filters, ratio)));
    }
    golden.expect("keep", keep);
  }

  private static void strategies(GoldenCase golden) {
    List<Tensor> weights =
        GoldenCase.list(golden.inputs().get("weights")).stream()
            .map(json -> GoldenCase.tensor(json, DType.F32))
            .toList();
    List<Object> numbers = GoldenCase.list(golden.inputs().get("prune_ratio"));
    Ratios ratios = Ratios.of(0);
    for (int i = 0; i < weights.size(); i++) {
      ratios = ratios.with(((Number) numbers.get(i)).doubleValue(), "conv" + i);
    }
    Map<String, Object> independent = strategy(INDEPENDENT, weights, ratios);
    Map<String, Object> greedy = strategy(GREEDY, weights, ratios);
    golden.expect("independent", independent);
    golden.expect("greedy", greedy);
    golden.expect("selections_differ", !independent.get("kept").equals(greedy.get("kept")));
  }

  private static Map<String, Object> strategy(
      FilterPruning method, List<Tensor> weights, Ratios ratios) {
    Module model = chain(weights, Collections.nCopies(weights.size(), null), false);
    ChannelGraph graph = graph(model);
    PruningPlan plan = method.plan(graph, ratios);
    Criterion sums = method.criterion().on(graph);
    List<Object> scores = new ArrayList<>();
    Map<ChannelGroup, Indices> before = new LinkedHashMap<>();
    plan.keep()
        .forEach(
            (group, keep) -> {
              boolean greedy = method.ranking() == Ranking.GREEDY;
              ChannelGroup seen =
                  greedy ? group.without(new PruningPlan(graph, before).cuts()) : group;
              scores.add(tensor(sums.score(seen)));
              before.put(group, keep);
            });
    List<List<Integer>> kept = plan.keep().keySet().stream().map(g -> kept(plan, g)).toList();
    plan.apply();
    List<List<Integer>> shapes =
        IntStream.range(0, weights.size())
            .mapToObj(i -> model.parameter("conv" + i + ".weight").shape())
            .map(s -> List.of(s.size(0), s.size(3), s.size(1), s.size(2)))
            .toList();
    return Map.of("scores", scores, "kept", kept, "compact_shapes", shapes);
  }

  /** Prunes a stream by its projection, and by what its last convolution would say. */
  private static void projection(GoldenCase golden) {
    Tensor conv1 = golden.tensor("conv1", DType.F32);
    Tensor conv2 = golden.tensor("conv2", DType.F32);
    Tensor shortcut = golden.tensor("shortcut_1x1", DType.F32);
    Sequential branch =
        Sequential.builder()
            .add("conv1", unbiased(conv1))
            .add("relu", Activation.relu())
            .add("conv2", unbiased(conv2))
            .build();
    int out = conv2.shape().size(0);
    Module model =
        Sequential.builder()
            .add("block", new Residual(branch, unbiased(shortcut)))
            .add("relu", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(out, 2))
            .build()
            .initialize(1);
    model.parameter("block.branch.conv1.weight").set(ChannelsLast.of(conv1));
    model.parameter("block.branch.conv2.weight").set(ChannelsLast.of(conv2));
    model.parameter("block.shortcut.weight").set(ChannelsLast.of(shortcut));
    ChannelGraph graph = graph(model);
    ChannelGroup stream =
        graph.prunable().stream().filter(ChannelGroup::isStream).findFirst().orElseThrow();
    FilterPruning method = FilterPruning.of(StreamPolicy.PROJECTION);
    Ratios ratios = Ratios.of(0).with(golden.number("prune_ratio_stream"), "block.shortcut");
    golden.expect("shortcut_l1", tensor(method.criterion().on(graph).score(stream)));
    golden.expect("kept_stream", kept(method.plan(graph, ratios), stream));
    golden.expect(
        "kept_if_conv2_norm_were_used",
        kept(method.independent().by(group -> sums(conv2, group)).plan(graph, ratios), stream));
  }

  private static Conv2d unbiased(Tensor file) {
    Shape shape = file.shape();
    ConvConfig config = ConvConfig.kernel(shape.size(2), shape.size(3));
    return new Conv2d(
        shape.size(1), shape.size(0), config.withPadding(shape.size(2) / 2).withoutBias());
  }

  private static double[] sums(Tensor weight, ChannelGroup group) {
    double[] sums = new double[group.size()];
    for (int e = 0; e < weight.count(); e++) {
      sums[Math.min(sums.length - 1, e / (weight.count() / weight.shape().size(0)))] +=
          Math.abs(weight.get(e));
    }
    return sums;
  }

  private static void sensitivity(GoldenCase golden) {
    List<Tensor> weights = new ArrayList<>();
    List<Tensor> biases = new ArrayList<>();
    for (Object conv : GoldenCase.list(golden.inputs().get("convs"))) {
      Map<String, Object> entries = GoldenCase.map(conv);
      weights.add(GoldenCase.tensor(entries.get("weight"), DType.F32));
      biases.add(
          entries.get("bias") == null ? null : GoldenCase.tensor(entries.get("bias"), DType.F32));
    }
    Module convs = chain(weights, biases, true);
    Tensor head = golden.tensor("fc_weight", DType.F32);
    Linear fc = new Linear(head.shape().size(1), head.shape().size(0));
    fc.initialize(1);
    fc.weight().set(head);
    fc.bias().set(golden.tensor("fc_bias", DType.F32));
    ((Sequential) convs).replace("fc", fc);
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    int[] labels = golden.integers("labels");
    List<Double> ratios =
        GoldenCase.list(golden.inputs().get("ratios")).stream()
            .map(ratio -> ((Number) ratio).doubleValue())
            .toList();
    ChannelGraph graph = ChannelGraph.of(convs, x.shape().sample());
    Sensitivity found =
        new SensitivityAnalysis(GREEDY.pruner(Ratios.of(0)), ratios)
            .run(graph, model -> accuracy(model, x, labels));
    golden.expect("baseline_accuracy", found.baseline());
    golden.expect("table_columns", List.of("layer", "prune_ratio", "kept", "accuracy"));
    golden.expect(
        "table",
        found.rows().stream()
            .map(
                row ->
                    List.of(
                        found.layers().indexOf(row.layer()),
                        row.ratio(),
                        row.kept(),
                        row.accuracy()))
            .toList());
    golden.expect(
        "sorted_norms_over_max",
        found.curves().values().stream().map(curve -> (Object) tensor(curve)).toList());
  }

  private static double accuracy(Module model, Tensor x, int... labels) {
    try (Pass pass = Pass.infer(new Workspace())) {
      Tensor logits = model.apply(pass, pass.input(x)).value();
      int classes = logits.shape().size(1);
      int right = 0;
      for (int i = 0; i < labels.length; i++) {
        int best = 0;
        for (int k = 1; k < classes; k++) {
          best = logits.get(i * classes + k) > logits.get(i * classes + best) ? k : best;
        }
        right += best == labels[i] ? 1 : 0;
      }
      return right / (double) labels.length;
    }
  }

  private static void configurations(GoldenCase golden) {
    List<Object> published = GoldenCase.list(golden.expected().get("results"));
    List<Object> results = new ArrayList<>();
    for (Object config : GoldenCase.list(golden.inputs().get("configs"))) {
      Map<String, Object> entries = GoldenCase.map(config);
      Map<String, Object> result =
          new LinkedHashMap<>(GoldenCase.map(published.get(results.size())));
      result.putAll(configuration(entries));
      results.add(result);
    }
    golden.expect("results", results);
  }

  private static Map<String, Object> configuration(Map<String, Object> config) {
    Module model = ResNet.cifar(((Number) config.get("depth")).intValue(), 10).initialize(1);
    Shape sample = Shape.of(32, 32, 3);
    ChannelGraph graph = ChannelGraph.of(model, sample);
    PruningPlan plan = GREEDY.plan(graph, stages(config).ratios(graph));
    List<Integer> widths = plan.keep().values().stream().map(Indices::count).toList();
    plan.apply();
    Costs costs = Costs.of(model, sample);
    return Map.of(
        "model", config.get("model"),
        "inner_widths", widths,
        "conv_macs", costs.convMacs(),
        "conv_params", costs.convWeightParams(),
        "all_params_incl_bn_fc", costs.params());
  }

  /** Returns the plan that a case states. */
  static StagePlan stages(Map<String, Object> config) {
    double[] ratios =
        GoldenCase.list(config.get("prune_ratio_per_stage")).stream()
            .mapToDouble(ratio -> ((Number) ratio).doubleValue())
            .toArray();
    int[] skipped =
        GoldenCase.list(config.get("skip_layer_ids")).stream()
            .mapToInt(layer -> ((Number) layer).intValue())
            .toArray();
    return StagePlan.of(ratios).skipping(skipped);
  }
}
