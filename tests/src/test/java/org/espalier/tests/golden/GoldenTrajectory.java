package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
import org.espalier.sparse.prune.FilterNorm;
import org.espalier.sparse.prune.PruneSchedule;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Repeats a whole small training with soft filter pruning, epoch by epoch. */
final class GoldenTrajectory {
  private final GoldenCase golden;
  private final Module model;
  private final Sgd optimizer;
  private final SoftFilterPruning pruning;
  private final List<String> convolutions = new ArrayList<>();
  private final Map<String, Object> init;
  private final Tensor x;
  private final List<Object> y;

  private GoldenTrajectory(GoldenCase golden) {
    this.golden = golden;
    init = GoldenCase.map(golden.inputs().get("init"));
    x = golden.tensor("x", DType.F32);
    y = GoldenCase.list(GoldenCase.map(golden.inputs().get("y")).get("data"));
    model = model();
    optimizer =
        Sgd.builder()
            .rate(golden.number("lr"))
            .momentum(golden.number("momentum"))
            .nesterov(golden.flag("nesterov", false))
            .weightDecay(golden.number("weight_decay"))
            .build();
    Shape sample = Shape.of(x.shape().size(3), x.shape().size(4), x.shape().size(2));
    pruning =
        SoftFilterPruning.builder(sample, schedule())
            .epochPrune(golden.integer("epoch_prune"))
            .build();
  }

  private PruneSchedule schedule() {
    if (!golden.has("prune_ratio_per_epoch")) {
      return PruneSchedule.constant(1 - golden.number("keep_rate"));
    }
    List<Object> ratios = GoldenCase.list(golden.inputs().get("prune_ratio_per_epoch"));
    return epoch -> ((Number) ratios.get(epoch)).doubleValue();
  }

  private Module model() {
    Sequential.Builder net = Sequential.builder();
    for (int i = 1; init.containsKey("conv" + i + ".weight"); i++) {
      Tensor weight = tensor("conv" + i + ".weight");
      Shape shape = weight.shape();
      convolutions.add("conv" + i + ".weight");
      net.add(
          "conv" + i,
          new Conv2d(
              shape.size(1),
              shape.size(0),
              ConvConfig.kernel(shape.size(2))
                  .withPadding(shape.size(2) / 2)
                  .withBias(init.containsKey("conv" + i + ".bias"))));
      if (init.containsKey("bn" + i + ".weight")) {
        net.add("bn" + i, new BatchNorm(shape.size(0)));
      }
      net.add("relu" + i, Activation.relu());
    }
    Shape head = tensor("fc.weight").shape();
    Sequential built =
        net.add("pool", new GlobalAveragePool())
            .add("fc", new Linear(head.size(1), head.size(0)))
            .build();
    built.initialize(1);
    init.keySet().forEach(path -> built.parameter(path).set(ChannelsLast.of(tensor(path))));
    return built;
  }

  private Tensor tensor(String path) {
    return GoldenCase.tensor(init.get(path), DType.F32);
  }

  static void check(GoldenCase golden) {
    new GoldenTrajectory(golden).run();
  }

  private void run() {
    pruning.prune(model, 0);
    golden.expect("initial", Map.of("masks", masks()));
    int epochs = golden.integer("epochs");
    for (int epoch = 0; epoch < epochs; epoch++) {
      golden.expect("epoch_" + epoch, epoch(epoch, epochs));
    }
    try (Pass pass = Pass.study()) {
      golden.expect(
          "final_eval_logits_on_batch_0", model.apply(pass, pass.input(batch(0))).value());
    }
    Map<String, Object> state = new LinkedHashMap<>();
    init.keySet().forEach(path -> state.put(path, value(path)));
    golden.expect("final_state", state);
  }

  private Map<String, Object> epoch(int epoch, int epochs) {
    Map<String, Object> seen = new LinkedHashMap<>();
    List<Double> losses = new ArrayList<>();
    for (int k = 0; k < x.shape().size(0); k++) {
      losses.add(step(k));
    }
    seen.put("losses", losses);
    Map<String, Object> norms = new LinkedHashMap<>();
    for (String path : convolutions) {
      double[] values = FilterNorm.L2.of(model.parameter(path).value());
      norms.put(path, Tensor.of(Shape.of(values.length), values));
    }
    seen.put("norms_before_prune", norms);
    boolean prunes = pruning.prunesAfter(epoch, epochs);
    if (prunes) {
      pruning.prune(model, epoch);
    }
    seen.put("pruned_this_epoch", prunes);
    seen.put("masks_after", masks());
    convolutions.forEach(path -> seen.put(path, value(path)));
    return seen;
  }

  private double step(int k) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(k))) {
      int size = x.shape().size(1);
      int[] classes = new int[size];
      for (int i = 0; i < size; i++) {
        classes[i] = ((Number) y.get(k * size + i)).intValue();
      }
      Var logits = model.apply(pass, pass.input(batch(k)));
      Var loss = Losses.crossEntropy(logits, pass.input(Tensor.indices(classes)));
      double value = loss.value().item();
      Gradients gradients = Walk.gradient(loss);
      optimizer.step(Step.of(pass.tape(), gradients));
      return value;
    }
  }

  private Tensor batch(int k) {
    Shape all = x.shape();
    Shape one = Shape.of(all.size(1), all.size(2), all.size(3), all.size(4));
    Tensor batch = Tensor.zeros(DType.F32, one);
    for (int e = 0; e < batch.count(); e++) {
      batch.set(e, x.get(k * batch.count() + e));
    }
    return ChannelsLast.of(batch);
  }

  private Tensor value(String path) {
    return ChannelsLast.undo(model.parameter(path).value());
  }

  private Map<String, Object> masks() {
    Map<String, Object> masks = new LinkedHashMap<>();
    for (String path : convolutions) {
      Set<Integer> zero = GoldenSoftFilterPruningTest.zeroRows(model.parameter(path).value());
      List<Integer> mask = new ArrayList<>();
      for (int row = 0; row < model.parameter(path).shape().size(0); row++) {
        mask.add(zero.contains(row) ? 0 : 1);
      }
      masks.put(path, mask);
    }
    return masks;
  }
}
