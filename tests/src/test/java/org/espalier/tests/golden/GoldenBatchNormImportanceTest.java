package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.criterion.batchnorm.ActivationMoment;
import org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportance;
import org.espalier.sparse.prune.criterion.batchnorm.SigmaMode;
import org.espalier.sparse.prune.criterion.batchnorm.Statistic;
import org.espalier.sparse.prune.criterion.batchnorm.StreamModel;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of filter importance from batch norms of its criterion and the pruner. */
class GoldenBatchNormImportanceTest {
  static final String STEM = "06-bn-filter-importance";

  private static final Shape IMAGE = Shape.of(6, 6, 3);
  private static final Pattern STATISTIC =
      Pattern.compile("(.+?)_(abs_mean|mean|second_moment|std)(?:_(plain|eps_aware))?");
  private static final BatchNormImportance RAW =
      BatchNormImportance.of().withNormaliser(Normaliser.NONE);

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenBatchNormImportanceTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("layers")) {
      select(golden);
    } else if (golden.has("members")) {
      stream(golden);
    } else if (golden.has("conv1")) {
      endToEnd(golden);
    } else if (golden.has("beta")) {
      moments(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static Tensor map(Tensor beta, Tensor sigma, DoubleBinaryOperator of) {
    Tensor values = Tensor.zeros(DType.F64, beta.shape());
    for (int c = 0; c < values.count(); c++) {
      values.set(c, of.applyAsDouble(beta.get(c), sigma.get(c)));
    }
    return values;
  }

  /** Returns the deviations of the case by one mode. */
  private static Tensor sigma(GoldenCase golden, SigmaMode mode) {
    Tensor gamma = golden.tensor("gamma", DType.F64);
    Tensor variance =
        golden.has("running_var") ? golden.tensor("running_var", DType.F64) : gamma.copy().fill(1);
    double eps = golden.number("eps", 1e-5);
    return map(gamma, variance, (g, v) -> mode.sigma(g, v, eps));
  }

  private static void moments(GoldenCase golden) {
    Tensor beta = golden.tensor("beta", DType.F64);
    for (String key : golden.expected().keySet()) {
      Matcher matcher = STATISTIC.matcher(key);
      if (key.equals("sigma_effective")) {
        golden.expect(key, sigma(golden, SigmaMode.EPS_AWARE));
      } else if (key.equals("prob_active")) {
        ActivationMoment any = ActivationMoment.relu();
        golden.expect(
            key,
            map(
                beta,
                sigma(golden, SigmaMode.PLAIN),
                (b, s) -> Statistic.PROB_ACTIVE.of(any, b, s, s)));
      } else if (matcher.matches()) {
        boolean aware = "eps_aware".equals(matcher.group(3));
        Tensor sigma = sigma(golden, aware ? SigmaMode.EPS_AWARE : SigmaMode.PLAIN);
        ActivationMoment moment = moment(matcher.group(1));
        golden.expect(key, map(beta, sigma, statistic(matcher.group(2), moment)));
      } else {
        throw new AssertionError(golden + ": no statistic '" + key + "'");
      }
    }
  }

  private static DoubleBinaryOperator statistic(String name, ActivationMoment moment) {
    return switch (name) {
      case "mean" -> moment::mean;
      case "abs_mean" -> moment::meanAbs;
      case "second_moment" -> moment::secondMoment;
      case "std" -> moment::deviation;
      default -> throw new AssertionError("no statistic '" + name + "'");
    };
  }

  private static ActivationMoment moment(String name) {
    if (name.startsWith("leaky_relu_")) {
      return ActivationMoment.leaky(Double.parseDouble(name.substring("leaky_relu_".length())));
    }
    return switch (name) {
      case "relu" -> ActivationMoment.relu();
      case "relu6" -> ActivationMoment.clipped(6);
      case "identity" -> ActivationMoment.identity();
      case "gelu" -> ActivationMoment.gelu();
      case "silu" -> ActivationMoment.numeric(z -> z / (1 + Math.exp(-z)), 0);
      case "hard_swish", "hardswish" ->
          ActivationMoment.numeric(z -> z * Math.min(Math.max(z + 3, 0), 6) / 6, -3, 0, 3);
      case "tanh" -> ActivationMoment.numeric(Math::tanh, 0);
      case "sigmoid" -> ActivationMoment.numeric(z -> 1 / (1 + Math.exp(-z)));
      default -> throw new AssertionError("no activation '" + name + "'");
    };
  }

  private static Module activation(String name) {
    if (name.startsWith("leaky_relu_")) {
      return Activation.leakyRelu(Double.parseDouble(name.substring("leaky_relu_".length())));
    }
    return switch (name) {
      case "relu" -> Activation.relu();
      case "relu6" -> Activation.relu6();
      case "identity" -> new org.espalier.nn.Identity();
      case "gelu" -> Activation.gelu();
      case "silu" -> Activation.silu();
      case "hard_swish", "hardswish" -> Activation.hardSwish();
      case "tanh" -> Activation.tanh();
      case "sigmoid" -> Activation.sigmoid();
      default -> throw new AssertionError("no activation '" + name + "'");
    };
  }

  private static BatchNorm norm(Object json) {
    Map<String, Object> layer = GoldenCase.map(json);
    Tensor gamma = GoldenCase.tensor(layer.get("gamma"), DType.F32);
    BatchNorm norm = new BatchNorm(gamma.count());
    norm.gamma().restore(gamma);
    norm.beta().restore(GoldenCase.tensor(layer.get("beta"), DType.F32));
    return norm;
  }

  /** Builds a chain of convolutions whose norms are those of the case, and prunes it. */
  private static void select(GoldenCase golden) {
    Sequential.Builder net = Sequential.builder();
    int in = 3;
    for (Object json : GoldenCase.list(golden.inputs().get("layers"))) {
      Map<String, Object> layer = GoldenCase.map(json);
      String name = (String) layer.get("name");
      BatchNorm norm = norm(json);
      int width = norm.gamma().shape().size(0);
      net.add("conv_" + name, new Conv2d(in, width, 1)).add(name, norm);
      net.add("act_" + name, activation((String) layer.get("activation")));
      in = width;
    }
    Module model =
        net.add("pool", new GlobalAveragePool()).add("fc", new Linear(in, 2)).build().initialize(1);
    Map<String, Object> importance = new LinkedHashMap<>();
    RAW.byNorm(model, IMAGE)
        .forEach((name, s) -> importance.put(name, Tensor.of(Shape.of(s.length), s)));
    golden.expect("importance", importance);
    double ratio = golden.number("prune_ratio");
    int least = (int) golden.number("min_channels_left_per_layer", 1);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    for (String key : golden.expected().keySet()) {
      if (!key.equals("importance")) {
        BatchNormImportance criterion =
            switch (key) {
              case "pruned_local", "pruned_global_raw" -> RAW;
              case "pruned_global_mean_normalised" -> RAW.withNormaliser(Normaliser.MEAN);
              case "pruned_global_max_normalised" -> RAW.withNormaliser(Normaliser.MAX);
              case "pruned_local_by_abs_gamma_for_comparison" ->
                  RAW.withStatistic(Statistic.ABS_GAMMA);
              default -> throw new AssertionError(golden + ": no selection '" + key + "'");
            };
        Pruner pruner =
            key.contains("global")
                ? Pruner.global(criterion.on(graph), ratio)
                : Pruner.local(criterion.on(graph), ratio);
        golden.expect(key, pruned(pruner.withMinChannels(least).plan(graph)));
      }
    }
  }

  private static Map<String, Object> pruned(PruningPlan plan) {
    Map<String, Object> pruned = new LinkedHashMap<>();
    plan.keep()
        .forEach(
            (group, keep) ->
                pruned.put(
                    group.name().replaceFirst("^conv_(.*)\\.weight$", "$1"),
                    boxed(keep.complement())));
    return pruned;
  }

  private static List<Integer> boxed(Indices indices) {
    List<Integer> list = new ArrayList<>();
    for (int index : indices.toArray()) {
      list.add(index);
    }
    return list;
  }

  /** Builds a stream of which each member's norm is one of the case. */
  private static Module streamOf(List<Object> members, String activation) {
    int width = norm(members.get(0)).gamma().shape().size(0);
    Sequential.Builder net = Sequential.builder().add("conv0", new Conv2d(3, width, 1));
    net.add("bn0", norm(members.get(0))).add("act0", activation(activation));
    for (int k = 1; k < members.size(); k++) {
      Sequential branch =
          Sequential.builder()
              .add("conv", new Conv2d(width, width, 1))
              .add("bn" + k, norm(members.get(k)))
              .build();
      net.add("block" + k, new Residual(branch)).add("act" + k, activation(activation));
    }
    return net.add("pool", new GlobalAveragePool())
        .add("fc", new Linear(width, 2))
        .build()
        .initialize(1);
  }

  private static double[] streamScores(Module model, BatchNormImportance criterion) {
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    return criterion.on(graph).score(graph.groupOf("conv0.weight"));
  }

  private static void stream(GoldenCase golden) {
    List<Object> members = GoldenCase.list(golden.inputs().get("members"));
    String activation = golden.text("activation");
    Module model = streamOf(members, activation);
    List<Object> each = new ArrayList<>();
    RAW.byNorm(model, IMAGE).values().forEach(s -> each.add(Tensor.of(Shape.of(s.length), s)));
    golden.expect("per_member_importance", each);
    Map<String, Object> aggregate = new LinkedHashMap<>();
    Map<String, Object> pruned = new LinkedHashMap<>();
    for (String name : GoldenCase.map(golden.expected().get("aggregate")).keySet()) {
      BatchNormImportance criterion =
          RAW.withReduction(MemberReduction.valueOf(name.toUpperCase(java.util.Locale.ROOT)));
      double[] scores = streamScores(model, criterion);
      aggregate.put(name, Tensor.of(Shape.of(scores.length), scores));
      ChannelGraph graph = ChannelGraph.of(model, IMAGE);
      PruningPlan plan =
          Pruner.local(criterion.on(graph), golden.number("prune_ratio")).plan(graph);
      ChannelGroup group = graph.groupOf("conv0.weight");
      plan.keep()
          .forEach(
              (found, keep) -> {
                if (found.name().equals(group.name())) {
                  pruned.put(name, boxed(keep.complement()));
                }
              });
    }
    golden.expect("aggregate", aggregate);
    golden.expect("pruned", pruned);
    List<Object> sums = new ArrayList<>();
    double[] before = new double[streamScores(model, RAW).length];
    for (int k = 1; k <= members.size(); k++) {
      // Scores of a stream are the sum over its members: the last one's is what it adds.
      double[] until =
          streamScores(
              streamOf(members.subList(0, k), activation),
              RAW.withStreams(StreamModel.GAUSSIAN_SUM));
      double[] own = new double[until.length];
      for (int c = 0; c < own.length; c++) {
        own[c] = until[c] - before[c];
      }
      sums.add(Tensor.of(Shape.of(own.length), own));
      before = until;
    }
    golden.expect("gaussian_sum_after_member_k", sums);
  }

  private static void endToEnd(GoldenCase golden) {
    TwoConvolutions net = new TwoConvolutions(golden);
    ChannelGraph graph = ChannelGraph.of(net.model(), net.image());
    RAW.byNorm(net.model(), net.image())
        .forEach(
            (name, s) -> golden.expect("importance_" + name, Tensor.of(Shape.of(s.length), s)));
    golden.expect("logits_unpruned", net.logits());
    PruningPlan plan =
        Pruner.local(BatchNormImportance.of().on(graph), golden.number("prune_ratio")).plan(graph);
    plan.keep()
        .forEach(
            (group, keep) ->
                golden.expect("kept_" + group.name().replace(".weight", ""), boxed(keep)));
    plan.apply();
    golden.expect("logits_pruned", net.logits());
    golden.expect("compact_shapes", net.shapes());
  }
}
