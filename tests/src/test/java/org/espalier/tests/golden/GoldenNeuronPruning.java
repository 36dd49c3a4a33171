package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Indices;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.nisp.FinalResponseLayer;
import org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection;
import org.espalier.sparse.prune.criterion.nisp.NeuronImportance;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Prunes the small network of the NISP file and compares all that it says on the way. */
final class GoldenNeuronPruning {
  private static final Map<String, String> NAMES =
      Map.of("conv1.weight", "conv1", "conv2.weight", "conv2", "fc1.weight", "frl");

  private final GoldenCase golden;
  private final Tensor x;
  private final Sequential model;

  GoldenNeuronPruning(GoldenCase golden) {
    this.golden = golden;
    x = ChannelsLast.of(golden, "x", DType.F32);
    Shape conv1 = golden.tensor("conv1_w", DType.F32).shape();
    Shape conv2 = golden.tensor("conv2_w", DType.F32).shape();
    Shape fc1 = golden.tensor("fc1_w", DType.F32).shape();
    Shape fc2 = golden.tensor("fc2_w", DType.F32).shape();
    model =
        Sequential.builder()
            .add(
                "conv1",
                new Conv2d(conv1.size(1), conv1.size(0), ConvConfig.kernel(3).withPadding(1)))
            .add("relu1", Activation.relu())
            .add("pool", new MaxPool(2))
            .add("conv2", new Conv2d(conv2.size(1), conv2.size(0), conv2.size(2)))
            .add("relu2", Activation.relu())
            .add("flatten", new Flatten())
            .add("fc1", new Linear(fc1.size(1), fc1.size(0)))
            .add("relu3", Activation.relu())
            .add("fc2", new Linear(fc2.size(1), fc2.size(0)))
            .build();
    model.initialize(1);
    for (String layer : List.of("conv1", "conv2", "fc1", "fc2")) {
      Tensor weight = golden.tensor(layer + "_w", DType.F32);
      Tensor last = layer.equals("fc1") ? columns(weight, conv2.size(0)) : ChannelsLast.of(weight);
      model.parameter(layer + ".weight").set(last);
      model.parameter(layer + ".bias").set(golden.tensor(layer + "_b", DType.F32));
    }
  }

  /** Puts the columns behind flatten in the order of pixels, then channels. */
  private static Tensor columns(Tensor weight, int channels) {
    Tensor last = Tensor.zeros(weight.shape().sizes());
    int width = weight.shape().size(1);
    int pixels = width / channels;
    for (int e = 0; e < weight.count(); e++) {
      int column = e % width;
      last.set(e - column + column % pixels * channels + column / pixels, weight.get(e));
    }
    return last;
  }

  private static Tensor tensor(double... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  private Tensor firstThree() {
    try (Pass pass = Pass.study()) {
      Tensor logits = model.apply(pass, pass.input(x)).value();
      Tensor three = Tensor.zeros(3, logits.shape().size(1));
      for (int e = 0; e < three.count(); e++) {
        three.set(e, logits.get(e));
      }
      return three;
    }
  }

  /** Gives one batch. */
  private record One(Tensor x) implements Batches {
    @Override
    public int count() {
      return 1;
    }

    @Override
    public int samples() {
      return x.shape().size(0);
    }

    @Override
    public java.util.Iterator<Batch> epoch(int epoch, int firstStep) {
      return List.of(new Batch(x, Tensor.indices(new int[samples()]))).listIterator(firstStep);
    }
  }

  void check() {
    Shape image = x.shape().sample();
    FinalResponseLayer layer = FinalResponseLayer.of(model, image);
    Tensor features = layer.features(new One(x), NeuronImportance.SAMPLES);
    golden.expect("frl_features", features);
    InfiniteFeatureSelection selection =
        InfiniteFeatureSelection.DEFAULT.withAlpha(golden.number("alpha", 0.5));
    double[] response = selection.score(features, null);
    golden.expect("frl_score", tensor(response));
    Map<String, Object> given = GoldenCase.map(golden.inputs().get("prune_ratio"));
    Ratios ratios = Ratios.of(0);
    for (Map.Entry<String, String> name : NAMES.entrySet()) {
      ratios = ratios.with(((Number) given.get(name.getValue())).doubleValue(), name.getKey());
    }
    golden.expect("logits_unpruned_first3", firstThree());
    ChannelGraph graph = ChannelGraph.of(model, image);
    NeuronImportance nisp =
        NeuronImportance.of(new One(x)).withScorer(selection).withRatios(ratios);
    Criterion bound = nisp.on(graph);
    for (String name : List.of("conv1", "conv2")) {
      double[] scores = bound.score(graph.groupOf(name + ".weight"));
      golden.expect(name + "_channel_score", tensor(scores));
    }
    PruningPlan plan = Pruner.local(nisp, ratios).plan(graph);
    plan.keep()
        .forEach((group, keep) -> golden.expect(NAMES.get(group.name()) + "_mask", mask(keep)));
    plan.cuts().silence();
    golden.expect("logits_pruned_first3", firstThree());
    golden.expect(
        "weighted_frl_l1_reconstruction_error_sum_over_samples",
        FinalResponseLayer.weightedError(
            response, features, layer.features(new One(x), NeuronImportance.SAMPLES)));
    plan.apply();
    golden.expect("logits_pruned_first3", firstThree());
    golden.expect("compact_shapes", shapes());
  }

  private static List<Integer> mask(Indices keep) {
    List<Integer> mask = new ArrayList<>();
    for (boolean kept : keep.mask()) {
      mask.add(kept ? 1 : 0);
    }
    return mask;
  }

  private Map<String, Object> shapes() {
    Map<String, Object> shapes = new LinkedHashMap<>();
    for (String layer : List.of("conv1", "conv2", "fc1", "fc2")) {
      List<Integer> sizes = new ArrayList<>();
      for (int size : ChannelsLast.undo(model.parameter(layer + ".weight").raw()).shape().sizes()) {
        sizes.add(size);
      }
      shapes.put(layer, sizes);
    }
    return shapes;
  }
}
