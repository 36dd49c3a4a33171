package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.mask.ConnectionCountRegularizer;
import org.espalier.sparse.mask.LearnedMask;
import org.espalier.sparse.mask.MaskGradientNormalization;
import org.espalier.sparse.mask.StraightThrough;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of sparse connectivity learning of learned masks. */
class GoldenSclTest {
  static final String STEM = "17-scl";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenSclTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("grad_y")) {
      layer(golden);
    } else if (golden.has("labels")) {
      new GoldenSclTraining(golden).run();
    } else if (golden.has("runs")) {
      principle(golden);
    } else if (golden.has("layers")) {
      GoldenSclExtraction.check(golden);
    } else if (golden.has("m")) {
      golden.expect("mask", integers(mask(golden.tensor("m", DType.F32), "identity", 1)));
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static List<Integer> integers(LearnedMask mask) {
    List<Integer> integers = new ArrayList<>();
    for (double open : mask.mask().toDoubles()) {
      integers.add((int) open);
    }
    return integers;
  }

  static LearnedMask mask(Tensor scores, String ste, double slope) {
    return new LearnedMask(scores, StraightThrough.of(ste, slope, true));
  }

  static LearnedMask mask(GoldenCase golden, Tensor scores) {
    return mask(scores, golden.text("ste"), golden.number("leaky_slope", 0.1));
  }

  private static Module module(GoldenCase golden, Shape weight) {
    if (weight.rank() == 2) {
      return new Linear(weight.size(1), weight.size(0), golden.has("bias"));
    }
    int groups = golden.has("groups") ? golden.integer("groups") : 1;
    return new Conv2d(
        weight.size(3) * groups,
        weight.size(0),
        ConvConfig.kernel(weight.size(1), weight.size(2))
            .withStride(golden.integer("stride"))
            .withPadding(golden.integer("padding"))
            .withDilation(golden.has("dilation") ? golden.integer("dilation") : 1)
            .withGroups(groups)
            .withBias(golden.has("bias")));
  }

  private static void layer(GoldenCase golden) {
    Tensor v = ChannelsLast.of(golden, "weight", DType.F32);
    Module layer = module(golden, v.shape()).initialize(1);
    Parameter weight = layer.parameter("weight");
    weight.set(v);
    if (golden.has("bias")) {
      layer.parameter("bias").set(golden.tensor("bias", DType.F32));
    }
    LearnedMask mask = mask(golden, ChannelsLast.of(golden, "mask", DType.F32));
    weight.attach(mask);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var x = pass.inputWithGradient(ChannelsLast.of(golden, "x", DType.F32));
      Var y = layer.apply(pass, x);
      golden.expect("y", ChannelsLast.undo(y.value()));
      Gradients gradients =
          Walk.run(y, ChannelsLast.of(golden, "grad_y", DType.F32), Rule.GRADIENT);
      golden.expect("grad_x", ChannelsLast.undo(gradients.of(x)));
      golden.expect("grad_weight", ChannelsLast.undo(gradients.of(weight)));
      Tensor task = gradients.of(mask.score());
      golden.expect("grad_mask_task", ChannelsLast.undo(task));
      normalized(golden, mask, task);
    }
    if (golden.expects("active_connections")) {
      golden.expect("active_connections", mask.active());
    }
    if (golden.expects("proxy_derivative")) {
      Tensor derivative = Tensor.zeros(mask.score().dtype(), mask.score().shape());
      ConnectionCountRegularizer.addGradient(1, mask, derivative);
      golden.expect("proxy_derivative", ChannelsLast.undo(derivative));
    }
  }

  private static void normalized(GoldenCase golden, LearnedMask mask, Tensor task) {
    for (MaskGradientNormalization mode : MaskGradientNormalization.values()) {
      String name = mode.name().toLowerCase(java.util.Locale.ROOT);
      Tensor gradient = task.copy();
      mode.normalize(gradient, golden.number("norm_eps"));
      if (golden.expects("grad_mask_task_normalized_" + name)) {
        golden.expect("grad_mask_task_normalized_" + name, ChannelsLast.undo(gradient));
      }
      if (golden.expects("grad_mask_total_" + name)) {
        ConnectionCountRegularizer.addGradient(golden.number("lambda"), mask, gradient);
        golden.expect("grad_mask_total_" + name, ChannelsLast.undo(gradient));
      }
    }
  }

  /** One connection whose loss is the slope times the step of its mask. */
  private static void principle(GoldenCase golden) {
    List<Object> runs = new ArrayList<>();
    for (Object json : GoldenCase.list(golden.inputs().get("runs"))) {
      Map<String, Object> run = GoldenCase.map(json);
      double slope = ((Number) run.get("slope")).doubleValue();
      Tensor m0 = Tensor.of(Shape.of(1), ((Number) run.get("m0")).doubleValue());
      LearnedMask mask = mask(m0, (String) run.get("ste"), golden.number("leaky_slope", 0.1));
      Parameter connection = Parameter.trainable("connection", Tensor.of(Shape.of(1), 1.0));
      connection.attach(mask);
      Optimizer optimizer = Sgd.builder().rate(golden.number("lr")).build();
      for (int step = 0; step < golden.integer("steps"); step++) {
        try (Pass pass = Pass.train(new Workspace(), Random.of(step))) {
          Var open = pass.value(connection);
          Gradients gradients = Walk.run(open, Tensor.of(Shape.of(1), slope), Rule.GRADIENT);
          optimizer.step(Step.of(pass.tape(), gradients), p -> p == mask.score());
        }
      }
      Map<String, Object> result = new LinkedHashMap<>(run);
      int optimal = slope < 0 ? 1 : 0;
      result.put("final_m", mask.score().raw().get(0));
      result.put("final_mask", mask.active());
      result.put("optimal_mask", optimal);
      result.put("reaches_optimum", mask.active() == optimal);
      runs.add(result);
    }
    golden.expect("runs", runs);
  }
}
