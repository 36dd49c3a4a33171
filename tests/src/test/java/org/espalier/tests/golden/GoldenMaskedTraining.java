package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.prune.criterion.hrank.CompressRates;
import org.espalier.sparse.prune.criterion.hrank.FilterMasks;
import org.espalier.sparse.prune.criterion.hrank.RatedLayers;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Repeats a training that masks the filters of one layer more at each stage (HRank). */
final class GoldenMaskedTraining {
  private final GoldenCase golden;
  private final Map<String, Object> init;
  private final Module model;
  private final Tensor x;
  private final List<Object> y;
  private final List<Integer> convolutions = new ArrayList<>();

  private GoldenMaskedTraining(GoldenCase golden) {
    this.golden = golden;
    init = GoldenCase.map(golden.inputs().get("init"));
    x = golden.tensor("x", DType.F32);
    y = GoldenCase.list(GoldenCase.map(golden.inputs().get("y")).get("data"));
    model = model();
  }

  static void check(GoldenCase golden) {
    new GoldenMaskedTraining(golden).run();
  }

  private Tensor initial(String path) {
    return GoldenCase.tensor(init.get(path), DType.F32);
  }

  /** The file numbers convolution, norm and activation through; norms follow convolutions. */
  private Module model() {
    TreeMap<Integer, Shape> weights = new TreeMap<>();
    for (String path : init.keySet()) {
      if (path.startsWith("f.") && path.endsWith(".weight")) {
        weights.put(Integer.parseInt(path.split("\\.")[1]), initial(path).shape());
      }
    }
    Sequential.Builder features = Sequential.builder();
    int relus = 0;
    for (Map.Entry<Integer, Shape> entry : weights.entrySet()) {
      Shape shape = entry.getValue();
      int number = entry.getKey();
      if (shape.rank() == 4) {
        ConvConfig config = ConvConfig.kernel(shape.size(2)).withPadding(shape.size(2) / 2);
        boolean bias = init.containsKey("f." + number + ".bias");
        features.add("" + number, new Conv2d(shape.size(1), shape.size(0), config.withBias(bias)));
        convolutions.add(number);
      } else {
        features.add("" + number, new BatchNorm(shape.size(0)));
        features.add("relu" + relus++, Activation.relu());
      }
    }
    Shape head = initial("fc.weight").shape();
    Module built =
        Sequential.builder()
            .add("f", features.build())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(head.size(1), head.size(0)))
            .build()
            .initialize(1);
    init.keySet().forEach(path -> built.parameter(path).set(ChannelsLast.of(initial(path))));
    return built;
  }

  private Tensor value(String path) {
    return ChannelsLast.undo(model.parameter(path).value()).copy();
  }

  private void run() {
    CompressRates rates =
        new CompressRates(
            GoldenCase.list(golden.inputs().get("compress_rate")).stream()
                .map(rate -> ((Number) rate).doubleValue())
                .toList());
    List<Object> ranks = GoldenCase.list(golden.inputs().get("mean_rank"));
    Shape image = Shape.of(x.shape().size(4), x.shape().size(5), x.shape().size(3));
    FilterMasks masks = new FilterMasks(RatedLayers.of(model, image));
    for (int stage = 0; stage < x.shape().size(0); stage++) {
      double[] scores = GoldenCase.tensor(ranks.get(stage), DType.F64).toDoubles();
      int[] out = rates.weakest(stage, scores);
      masks.mask(stage, out);
      Map<String, Object> seen = new LinkedHashMap<>();
      seen.put("filter_mask", GoldenHRankTest.mask(scores.length, out));
      seen.put("weights_after_mask", layer(stage));
      seen.put("losses", train(stage, masks));
      golden.expect("stage_" + (stage + 1), seen);
    }
    Map<String, Object> state = new LinkedHashMap<>();
    init.keySet().forEach(path -> state.put(path, value(path)));
    golden.expect("final_parameters", state);
  }

  /** Returns the tensors of a convolution and the norm behind it. */
  private Map<String, Object> layer(int stage) {
    int number = convolutions.get(stage);
    Map<String, Object> tensors = new LinkedHashMap<>();
    for (String path : init.keySet()) {
      if (path.startsWith("f." + number + ".") || path.startsWith("f." + (number + 1) + ".")) {
        tensors.put(path, value(path));
      }
    }
    return tensors;
  }

  private List<Double> train(int stage, FilterMasks masks) {
    Sgd optimizer =
        Sgd.builder()
            .rate(golden.number("lr"))
            .momentum(golden.number("momentum"))
            .weightDecay(golden.number("weight_decay"))
            .build();
    optimizer.restart(model.parameters());
    List<Double> losses = new ArrayList<>();
    for (int step = 0; step < golden.integer("steps_per_stage"); step++) {
      losses.add(step(optimizer, stage * x.shape().size(1) + step));
      masks.apply();
    }
    return losses;
  }

  private double step(Sgd optimizer, int number) {
    Shape all = x.shape();
    Tensor batch = Tensor.zeros(all.size(2), all.size(3), all.size(4), all.size(5));
    int[] classes = new int[all.size(2)];
    for (int e = 0; e < batch.count(); e++) {
      batch.set(e, x.get(number * batch.count() + e));
    }
    for (int i = 0; i < classes.length; i++) {
      classes[i] = ((Number) y.get(number * classes.length + i)).intValue();
    }
    try (Pass pass = Pass.train(new Workspace(), Random.of(number))) {
      Var logits = model.apply(pass, pass.input(ChannelsLast.of(batch)));
      Var loss = Losses.crossEntropy(logits, pass.input(Tensor.indices(classes)));
      double value = loss.value().item();
      Gradients gradients = Walk.gradient(loss);
      optimizer.step(Step.of(pass.tape(), gradients));
      return value;
    }
  }
}
