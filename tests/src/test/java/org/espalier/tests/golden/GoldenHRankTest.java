package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.sparse.prune.criterion.hrank.CompressRates;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRankImportance;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRanks;
import org.espalier.sparse.prune.criterion.hrank.FilterMasks;
import org.espalier.sparse.prune.criterion.hrank.RankMeans;
import org.espalier.sparse.prune.criterion.hrank.RatedLayers;
import org.espalier.sparse.prune.criterion.hrank.ReleasedCost;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.NumericalRank;
import org.espalier.tensor.linalg.Svd;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of HRank of ranks, rates, counters, masks and the pruner. */
class GoldenHRankTest {
  static final String STEM = "08-hrank";

  private static final Shape CIFAR = Shape.of(32, 32, 3);

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenHRankTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("batches")) {
      means(golden);
    } else if (golden.has("matrices")) {
      matrices(golden);
    } else if (golden.has("init")) {
      GoldenMaskedTraining.check(golden);
    } else if (golden.has("strings")) {
      strings(golden);
    } else if (golden.has("conv1")) {
      endToEnd(golden);
    } else if (golden.has("mean_rank")) {
      ties(golden);
    } else if (golden.has("compress_rate")) {
      counters(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static Tensor tensor(double... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  private static void means(GoldenCase golden) {
    List<Object> ranks = new ArrayList<>();
    List<Object> running = new ArrayList<>();
    RankMeans counted = null;
    for (Object json : GoldenCase.list(golden.inputs().get("batches"))) {
      Tensor maps = ChannelsLast.of(GoldenCase.tensor(json, DType.F32));
      int channels = maps.shape().size(-1);
      ranks.add(RankMeans.ofLast(channels, channels).add(maps, "maps").to(DType.F64));
      if (counted == null) {
        int last =
            golden.has("last_channels_only") ? golden.integer("last_channels_only") : channels;
        counted = RankMeans.ofLast(last, channels);
      }
      counted.add(maps, "maps");
      running.add(tensor(counted.means()));
    }
    golden.expect("rank_per_image", ranks);
    golden.expect("running_mean_rank_after_batch", running);
    golden.expect("mean_rank", tensor(counted.means()));
  }

  private static void matrices(GoldenCase golden) {
    List<Object> ranks = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    for (Object json : GoldenCase.list(golden.inputs().get("matrices"))) {
      Tensor matrix = GoldenCase.tensor(json, DType.F32);
      ranks.add(NumericalRank.of(matrix));
      values.add(Svd.singularValuesOf(matrix));
    }
    golden.expect("rank", ranks);
    golden.expect("singular_values", values);
  }

  private static void strings(GoldenCase golden) {
    List<Object> lengths = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    for (Object text : GoldenCase.list(golden.inputs().get("strings"))) {
      CompressRates rates = CompressRates.parse((String) text);
      lengths.add(rates.size());
      values.add(tensor(rates.toArray()));
    }
    golden.expect("lengths", lengths);
    golden.expect("values", values);
  }

  private static CompressRates rates(GoldenCase golden) {
    return new CompressRates(
        GoldenCase.list(golden.inputs().get("compress_rate")).stream()
            .map(rate -> ((Number) rate).doubleValue())
            .toList());
  }

  private static void ties(GoldenCase golden) {
    CompressRates rates = rates(golden);
    List<Object> pruned = new ArrayList<>();
    List<Object> counts = new ArrayList<>();
    List<Object> ranks = GoldenCase.list(golden.inputs().get("mean_rank"));
    for (int layer = 0; layer < ranks.size(); layer++) {
      double[] scores = GoldenCase.tensor(ranks.get(layer), DType.F64).toDoubles();
      pruned.add(boxed(rates.weakest(layer, scores)));
      counts.add(rates.pruned(layer, scores.length));
    }
    golden.expect("pruned", pruned);
    golden.expect("count", counts);
  }

  private static List<Integer> boxed(int... numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }

  /** Returns a model by the file's name of it: {@code resnet_56_baseline}. */
  private static Module model(String name) {
    String plain = name.replaceAll("_(baseline|dense|unpruned).*$", "");
    String known =
        switch (plain) {
          case "vgg_16", "vgg_16_bn" -> "vgg16-hidden";
          case "densenet_40" -> "densenet-40-12";
          default -> plain.replace("_", "");
        };
    boolean imagenet = known.equals("resnet50");
    return Models.byName(known, imagenet ? Shape.of(224, 224, 3) : CIFAR, imagenet ? 1000 : 10);
  }

  private static void counters(GoldenCase golden) {
    GoldenCase.map(golden.inputs().get("compress_rate"))
        .forEach(
            (name, text) -> {
              CompressRates rates = CompressRates.parse((String) text);
              Module model = model(name);
              Shape image = name.startsWith("resnet_50") ? Shape.of(224, 224, 3) : CIFAR;
              Map<String, Object> counted = new LinkedHashMap<>();
              ReleasedCost released = ReleasedCost.of(model, image, rates);
              counted.put("released_counter_flops", released.flops());
              counted.put("released_counter_params", released.parameters());
              if (GoldenCase.map(golden.expected().get(name)).size() > 2) {
                model.initialize(1);
                ChannelGraph graph = ChannelGraph.of(model, image);
                var ratios = RatedLayers.of(model, image).inner(graph, rates);
                Pruner.local(new RandomScore(1), ratios).innerOnly().plan(graph).apply();
                Costs costs = Costs.of(model, image);
                counted.put("compact_inner_channels_only_macs_conv_plus_fc", costs.macs());
                counted.put(
                    "compact_inner_channels_only_params_conv_plus_fc",
                    costs.convWeightParams() + costs.linearWeightParams() + costs.biasParams());
              }
              golden.expect(name, counted);
            });
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

  /** The mask of each layer, the masked net and the compact one. */
  private static void endToEnd(GoldenCase golden) {
    TwoConvolutions net = new TwoConvolutions(golden);
    ChannelGraph graph = ChannelGraph.of(net.model(), net.image());
    FeatureMapRanks ranks =
        FeatureMapRanks.collect(graph, new One(net.x()), net.x().shape().size(0));
    CompressRates rates = rates(golden);
    FilterMasks masks = new FilterMasks(RatedLayers.of(net.model(), net.image()));
    Ratios ratios = Ratios.of(0);
    for (int layer = 0; layer < 2; layer++) {
      String path = "conv" + (layer + 1) + ".weight";
      golden.expect("mean_rank_layer" + (layer + 1), tensor(ranks.of(path)));
      int[] out = rates.weakest(layer, ranks.of(path));
      golden.expect("filter_mask_" + (layer + 1), mask(ranks.of(path).length, out));
      masks.mask(layer, out);
      ratios = ratios.with(rates.of(layer), path);
    }
    golden.expect("logits_masked", net.logits());
    PruningPlan plan =
        Pruner.local(FeatureMapRankImportance.of(ranks), ratios).innerOnly().plan(graph);
    plan.keep()
        .forEach(
            (group, keep) -> {
              String number = group.name().replaceAll("\\D", "");
              golden.expect(
                  "filter_mask_" + number, mask(keep.size(), keep.complement().toArray()));
            });
    plan.apply();
    golden.expect("logits_masked", net.logits());
    if (golden.expects("compact_shapes")) {
      golden.expect("compact_shapes", net.shapes());
    }
  }

  static List<Integer> mask(int filters, int... out) {
    TreeSet<Integer> gone = new TreeSet<>(boxed(out));
    List<Integer> mask = new ArrayList<>();
    for (int filter = 0; filter < filters; filter++) {
      mask.add(gone.contains(filter) ? 0 : 1);
    }
    return mask;
  }
}
