package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.OptionAShortcut;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Widths;
import org.espalier.sparse.prune.criterion.filter.FilterPruning;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/** Cuts the miniature nets of the filter pruning cases, as the re-implementation copied them. */
final class GoldenSurgery {
  private static final FilterPruning METHOD = FilterPruning.greedy().independent();

  private GoldenSurgery() {}

  static void vgg(GoldenCase golden) {
    Module model = chain(GoldenCase.list(golden.inputs().get("cfg")), golden);
    load(model, golden);
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    golden.expect("logits_full", GoldenStructuredPruningTest.infer(model, x));
    ChannelGraph graph = ChannelGraph.of(model, x.shape().sample());
    List<String> convolutions =
        model.state().keySet().stream()
            .filter(path -> model.parameter(path).shape().rank() == 4)
            .toList();
    List<Integer> counts = new ArrayList<>();
    for (Object entry : GoldenCase.list(golden.inputs().get("pruned_cfg"))) {
      if (!entry.toString().equals("M")) {
        counts.add(Integer.parseInt(entry.toString()));
      }
    }
    Widths widths = Widths.of(convolutions.get(0), counts.get(0));
    for (int i = 1; i < counts.size(); i++) {
      widths = widths.with(counts.get(i), convolutions.get(i));
    }
    PruningPlan plan = METHOD.plan(graph, widths);
    List<List<Integer>> masks = new ArrayList<>();
    for (String path : convolutions) {
      boolean[] mask = plan.keep().get(graph.groupOf(path)).mask();
      masks.add(IntStream.range(0, mask.length).mapToObj(i -> mask[i] ? 1 : 0).toList());
    }
    golden.expect("channel_masks", masks);
    plan.apply();
    golden.expect("compact_state", state(model, golden));
    golden.expect("logits_compact", GoldenStructuredPruningTest.infer(model, x));
  }

  private static Module chain(List<Object> layers, GoldenCase golden) {
    Sequential.Builder features = Sequential.builder();
    int index = 0;
    int in = channels(golden, "feature.0.weight");
    for (Object layer : layers) {
      if (layer.toString().equals("M")) {
        features.add(String.valueOf(index++), new MaxPool(2));
      } else {
        int out = Integer.parseInt(layer.toString());
        features
            .add(String.valueOf(index++), new Conv2d(in, out, config(3)))
            .add(String.valueOf(index++), new BatchNorm(out))
            .add(String.valueOf(index++), Activation.relu());
        in = out;
      }
    }
    features.add("pool", new GlobalAveragePool());
    Map<String, Object> state = GoldenCase.map(golden.inputs().get("state"));
    int hidden = rows(state, "classifier.0.bias");
    Sequential classifier =
        Sequential.builder()
            .add("0", new Linear(in, hidden))
            .add("1", new BatchNorm(hidden))
            .add("2", Activation.relu())
            .add("3", new Linear(hidden, rows(state, "classifier.3.bias")))
            .build();
    return Sequential.builder()
        .add("feature", features.build())
        .add("classifier", classifier)
        .build();
  }

  /** Returns how many channels a saved convolution reads. */
  private static int channels(GoldenCase golden, String path) {
    Object weight = GoldenCase.map(golden.inputs().get("state")).get(path);
    return GoldenCase.tensor(weight, DType.F32).shape().size(1);
  }

  private static ConvConfig config(int kernel) {
    return ConvConfig.kernel(kernel).withPadding(kernel / 2).withoutBias();
  }

  private static int rows(Map<String, Object> state, String path) {
    return GoldenCase.tensor(state.get(path), DType.F32).shape().size(0);
  }

  static void resnet(GoldenCase golden) {
    Module model = residualNet(golden);
    load(model, golden);
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    golden.expect("logits_full", GoldenStructuredPruningTest.infer(model, x));
    ChannelGraph graph = ChannelGraph.of(model, x.shape().sample());
    PruningPlan plan =
        METHOD.plan(graph, GoldenL1FilterPruningTest.stages(golden.inputs()).ratios(graph));
    List<ChannelGroup> inner = List.copyOf(plan.keep().keySet());
    golden.expect(
        "kept_first_conv",
        inner.stream()
            .map(group -> IntStream.of(plan.keep().get(group).toArray()).boxed().toList())
            .toList());
    golden.expect("inner_widths", plan.keep().values().stream().map(Indices::count).toList());
    plan.apply();
    golden.expect("compact_state", state(model, golden));
    golden.expect("logits_compact", GoldenStructuredPruningTest.infer(model, x));
  }

  private static Module residualNet(GoldenCase golden) {
    int[] widths = golden.integers("widths");
    Sequential.Builder layers = Sequential.builder();
    int in = widths[0];
    int number = 0;
    for (int stage = 0; stage < widths.length; stage++) {
      for (int b = 0; b < golden.integer("blocks_per_stage"); b++, number++) {
        int stride = stage > 0 && b == 0 ? 2 : 1;
        layers
            .add(String.valueOf(number), block(in, widths[stage], stride))
            .add("relu" + number, Activation.relu());
        in = widths[stage];
      }
    }
    int classes = rows(GoldenCase.map(golden.inputs().get("state")), "fc.bias");
    return Sequential.builder()
        .add("conv1", new Conv2d(channels(golden, "conv1.weight"), widths[0], config(3)))
        .add("bn1", new BatchNorm(widths[0]))
        .add("relu", Activation.relu())
        .add("layers", layers.build())
        .add("pool", new GlobalAveragePool())
        .add("fc", new Linear(in, classes))
        .build();
  }

  private static Module block(int in, int out, int stride) {
    Sequential branch =
        Sequential.builder()
            .add("conv1", new Conv2d(in, out, config(3).withStride(stride)))
            .add("bn1", new BatchNorm(out))
            .add("relu1", Activation.relu())
            .add("conv2", new Conv2d(out, out, config(3)))
            .add("bn2", new BatchNorm(out))
            .build();
    boolean identity = stride == 1 && in == out;
    return new Residual(
        branch,
        identity
            ? null
            : new OptionAShortcut(in, out, stride, OptionAShortcut.Zeros.BEHIND, stride));
  }

  private static String fileName(String path) {
    return path.replace(".branch.", ".");
  }

  private static void load(Module model, GoldenCase golden) {
    model.initialize(1);
    Map<String, Object> state = GoldenCase.map(golden.inputs().get("state"));
    model
        .state()
        .forEach(
            (path, parameter) -> {
              Object saved = state.get(fileName(path));
              if (saved != null) {
                parameter.set(ChannelsLast.of(GoldenCase.tensor(saved, DType.F32)));
              } else if (parameter.dtype().isFloating()) {
                throw new AssertionError(golden + " has no " + fileName(path));
              }
            });
  }

  private static Map<String, Object> state(Module model, GoldenCase golden) {
    Map<String, Object> saved = GoldenCase.map(golden.inputs().get("state"));
    Map<String, Object> state = new LinkedHashMap<>();
    for (Map.Entry<String, Parameter> entry : model.state().entrySet()) {
      if (saved.containsKey(fileName(entry.getKey()))) {
        state.put(fileName(entry.getKey()), ChannelsLast.undo(entry.getValue().value()));
      }
    }
    return state;
  }
}
