package org.espalier.tests.golden;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.sparse.prune.criterion.filter.FilterPruning;
import org.espalier.sparse.prune.criterion.filter.MapActivity;
import org.espalier.sparse.prune.criterion.filter.MapStatistic;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Scores the filters of one convolution by what it gives for the images of a case. */
final class GoldenMapActivity {
  private GoldenMapActivity() {}

  static void check(GoldenCase golden) {
    Tensor weight = golden.tensor("weight", DType.F32);
    Tensor bias = golden.has("bias") ? golden.tensor("bias", DType.F32) : null;
    Shape shape = weight.shape();
    ConvConfig config =
        ConvConfig.kernel(shape.size(2), shape.size(3))
            .withPadding((int) golden.number("padding", 0))
            .withStride((int) golden.number("stride", 1))
            .withBias(bias != null);
    Module model =
        Sequential.of(
                new Conv2d(shape.size(1), shape.size(0), config),
                Activation.relu(),
                new GlobalAveragePool(),
                new Linear(shape.size(0), 2))
            .initialize(1);
    model.parameter("0.weight").set(ChannelsLast.of(weight));
    if (bias != null) {
      model.parameter("0.bias").set(bias);
    }
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    ChannelGraph graph = ChannelGraph.of(model, x.shape().sample());
    Map<String, Object> scores = new LinkedHashMap<>();
    Map<String, Object> kept = new LinkedHashMap<>();
    for (String name : GoldenCase.map(golden.expected().get("scores")).keySet()) {
      Criterion criterion =
          switch (name) {
            case "weight_l1" -> L1Norm.ofFilters();
            case "weight_l2" -> L2Norm.ofFilters();
            default ->
                MapActivity.of(MapStatistic.valueOf(name.toUpperCase(Locale.ROOT)), halves(x));
          };
      ChannelGroup group = graph.prunable().get(0);
      scores.put(name, GoldenL1FilterPruningTest.tensor(criterion.on(graph).score(group)));
      kept.put(
          name,
          GoldenL1FilterPruningTest.kept(
              FilterPruning.greedy().by(criterion), graph, golden.number("prune_ratio")));
    }
    golden.expect("scores", scores);
    golden.expect("kept", kept);
  }

  /** Returns a first batch of one image and a second one of all others. */
  private static Batches halves(Tensor x) {
    int images = x.shape().size(0);
    int each = x.count() / images;
    Batch first = batch(x, 0, 1, each);
    List<Batch> list = images == 1 ? List.of(first) : List.of(first, batch(x, 1, images - 1, each));
    return new Batches() {
      @Override
      public int count() {
        return list.size();
      }

      @Override
      public int samples() {
        return images;
      }

      @Override
      public Iterator<Batch> epoch(int epoch, int firstStep) {
        return list.subList(firstStep, list.size()).iterator();
      }
    };
  }

  private static Batch batch(Tensor x, int from, int count, int each) {
    Tensor part = Tensor.zeros(x.dtype(), x.shape().with(0, count));
    for (int e = 0; e < part.count(); e++) {
      part.set(e, x.get(from * each + e));
    }
    return new Batch(part, Tensor.zeros(DType.I32, Shape.of(count)));
  }
}
