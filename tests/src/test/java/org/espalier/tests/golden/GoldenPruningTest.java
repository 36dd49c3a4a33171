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
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.mask.StructureScales;
import org.espalier.sparse.mask.SurgeryMask;
import org.espalier.sparse.prune.unstructured.ConnectionMasks;
import org.espalier.sparse.prune.unstructured.ConnectionSensitivity;
import org.espalier.sparse.prune.unstructured.CubicSparsitySchedule;
import org.espalier.sparse.prune.unstructured.DynamicNetworkSurgery;
import org.espalier.sparse.prune.unstructured.OptimalBrainDamage;
import org.espalier.sparse.prune.unstructured.SparseVariationalDropout;
import org.espalier.sparse.prune.unstructured.SurgeryThresholds;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of the survey's pruning methods. */
class GoldenPruningTest {
  static final String STEM = "03-pruning";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenPruningTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("begin_step")) {
      schedule(golden);
    } else if (golden.has("norm_order")) {
      structured(golden);
    } else if (golden.has("sparsity")) {
      magnitude(golden);
    } else if (golden.has("c_rate")) {
      surgery(golden);
    } else if (golden.has("keep_ratio")) {
      sensitivity(golden);
    } else if (golden.expects("saliency_1")) {
      brainDamage(golden);
    } else if (golden.has("alpha")) {
      scales(golden);
    } else if (golden.has("log_sigma2")) {
      variational(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static void schedule(GoldenCase golden) {
    CubicSparsitySchedule schedule =
        new CubicSparsitySchedule(
            golden.number("initial_sparsity"),
            golden.number("final_sparsity"),
            golden.integer("begin_step"),
            golden.integer("end_step"),
            golden.integer("frequency"),
            golden.number("power"));
    List<Object> sparsity = new ArrayList<>();
    List<Object> updates = new ArrayList<>();
    for (int step : golden.integers("steps")) {
      sparsity.add(schedule.sparsity(step));
      updates.add(schedule.updates(step) ? 1 : 0);
    }
    golden.expect("sparsity", sparsity);
    golden.expect("update_step", updates);
  }

  private static Tensor scores(GoldenCase golden, String key) {
    return ConnectionMasks.magnitudes(ChannelsLast.of(golden, key, DType.F32));
  }

  private static void magnitude(GoldenCase golden) {
    if (golden.has("w")) {
      Tensor mask = ConnectionMasks.local(scores(golden, "w"), golden.number("sparsity"));
      int zeros = 0;
      for (double kept : mask.toDoubles()) {
        zeros += kept == 0 ? 1 : 0;
      }
      golden.expect("pruned_count", zeros);
      golden.expect("mask", ChannelsLast.undo(mask));
      return;
    }
    List<Tensor> scores = new ArrayList<>();
    for (int i = 1; golden.has("w" + i); i++) {
      scores.add(scores(golden, "w" + i));
    }
    List<Tensor> masks = ConnectionMasks.global(scores, golden.number("sparsity"));
    for (int i = 1; i <= masks.size(); i++) {
      golden.expect("mask" + i, ChannelsLast.undo(masks.get(i - 1)));
    }
  }

  private static void structured(GoldenCase golden) {
    if (golden.has("dim") && golden.integer("dim") != 0) {
      throw new AssertionError(golden + ": filters are axis 0, got " + golden.integer("dim"));
    }
    Tensor w = ChannelsLast.of(golden, "w", DType.F32);
    Tensor norms = ConnectionMasks.rowNorms(w, golden.integer("norm_order"));
    golden.expect("filter_norms", norms);
    golden.expect("mask_per_filter", ConnectionMasks.local(norms, golden.number("fraction")));
  }

  /** Dynamic network surgery on one layer whose gradients are given. */
  private static void surgery(GoldenCase golden) {
    if (!golden.text("mask0").equals("ones") || !golden.flag("update_mask_every_step", false)) {
      throw new AssertionError(golden + ": only masks of ones, chosen at each step, are read");
    }
    Tensor w0 = golden.tensor("w0", DType.F32);
    Tensor all = golden.tensor("grad_wrt_masked_weight_per_step", DType.F32);
    Linear layer = new Linear(w0.shape().size(1), w0.shape().size(0), false);
    layer.initialize(1);
    layer.weight().set(w0);
    DynamicNetworkSurgery surgery =
        new DynamicNetworkSurgery(
            Shape.of(w0.shape().size(1)),
            DynamicNetworkSurgery.Options.always(golden.number("c_rate"), Long.MAX_VALUE));
    surgery.attach(layer);
    SurgeryThresholds thresholds = surgery.thresholds("weight");
    golden.expect("mu", thresholds.mu());
    golden.expect("sigma", thresholds.sigma());
    golden.expect("threshold_low", thresholds.low());
    golden.expect("threshold_high", thresholds.high());
    Optimizer optimizer = Sgd.builder().rate(golden.number("lr")).build();
    Tensor masks = Tensor.zeros(DType.F32, all.shape());
    Tensor weights = Tensor.zeros(DType.F32, all.shape());
    int size = w0.count();
    for (int step = 0; step < all.shape().size(0); step++) {
      Tensor g = Tensor.zeros(DType.F32, w0.shape());
      for (int i = 0; i < size; i++) {
        g.set(i, all.get(step * size + i));
        masks.set(step * size + i, SurgeryMask.on(layer.weight()).mask().raw().get(i));
      }
      try (Pass pass = Pass.train(new Workspace(), Random.of(step))) {
        Gradients gradients = Walk.run(pass.value(layer.weight()), g, Rule.GRADIENT);
        Step done = Step.of(pass.tape(), gradients);
        surgery.backwardDone(done);
        optimizer.step(done);
        surgery.stepDone(done);
      }
      for (int i = 0; i < size; i++) {
        weights.set(step * size + i, layer.weight().raw().get(i));
      }
    }
    golden.expect("masks_used_per_step", masks);
    golden.expect("w_after_each_step", weights);
  }

  /** Two linear layers without biases and an activation between them. */
  private static Module network(GoldenCase golden) {
    Activation between =
        golden.text("network").contains("tanh") ? Activation.tanh() : Activation.relu();
    Sequential.Builder layers = Sequential.builder();
    for (int i = 1; golden.has("w" + i); i++) {
      Tensor w = golden.tensor("w" + i, DType.F64);
      Linear layer = new Linear(w.shape().size(1), w.shape().size(0), false);
      layer.initialize(1);
      layer.convert(DType.F64);
      layer.weight().set(w);
      if (i > 1) {
        layers.add("act" + i, between);
      }
      layers.add("l" + i, layer);
    }
    return layers.build();
  }

  private static Batch batch(GoldenCase golden) {
    return new Batch(golden.tensor("x", DType.F64), golden.tensor("labels", DType.I32));
  }

  private static List<Parameter> weights(Module model, GoldenCase golden) {
    Shape sample = Shape.of(golden.tensor("x", DType.F64).shape().size(1));
    return List.copyOf(ConnectionWeights.of(model, sample).values());
  }

  private static void expect(GoldenCase golden, String key, Map<Parameter, Tensor> tensors) {
    int next = 1;
    for (Tensor tensor : tensors.values()) {
      golden.expect(key + "_" + next++, tensor);
    }
  }

  private static void sensitivity(GoldenCase golden) {
    Module model = network(golden);
    Map<Parameter, Tensor> gradients =
        ConnectionSensitivity.gradients(
            model, new CrossEntropy(), batch(golden), weights(model, golden));
    expect(golden, "mask_gradient", gradients);
    Map<Parameter, Tensor> scores = ConnectionSensitivity.scores(gradients);
    expect(golden, "score", scores);
    ConnectionSensitivity.prune(scores, golden.number("keep_ratio"));
    Map<Parameter, Tensor> masks = new LinkedHashMap<>();
    int kept = 0;
    for (Parameter weight : scores.keySet()) {
      Tensor mask = weight.parametrizations().get(0).parameters().get("mask").raw();
      masks.put(weight, mask);
      for (double one : mask.toDoubles()) {
        kept += (int) one;
      }
    }
    expect(golden, "mask", masks);
    golden.expect("kept", kept);
  }

  private static void brainDamage(GoldenCase golden) {
    Module model = network(golden);
    Batch batch = batch(golden);
    CrossEntropy loss = new CrossEntropy();
    try (Pass pass = Pass.study()) {
      Var output = model.apply(pass, pass.input(batch.x()));
      golden.expect("loss", loss.of(pass, output, batch.y()).value().item());
    }
    List<Parameter> weights = weights(model, golden);
    Map<Parameter, Tensor> exact = OptimalBrainDamage.exact(model, loss, batch, weights);
    expect(golden, "hessian_diagonal", exact);
    expect(golden, "saliency", OptimalBrainDamage.saliencies(exact));
    expect(
        golden, "gauss_newton_diagonal", OptimalBrainDamage.gaussNewton(model, batch.x(), weights));
  }

  private static void scales(GoldenCase golden) {
    Parameter weight = Parameter.trainable("w", ChannelsLast.of(golden, "weight", DType.F32));
    StructureScales scales =
        new StructureScales(golden.tensor("alpha", DType.F32), golden.number("epsilon"));
    weight.attach(scales);
    golden.expect("alpha_thresholded", scales.thresholded());
    try (Pass pass = Pass.study()) {
      Var scaled = pass.value(weight);
      golden.expect("structured_weight", ChannelsLast.undo(scaled.value()));
      Gradients gradients =
          Walk.run(scaled, ChannelsLast.of(golden, "grad_y", DType.F32), Rule.GRADIENT);
      golden.expect("grad_alpha_straight_through", gradients.of(scales.alpha()));
      golden.expect("grad_weight", ChannelsLast.undo(gradients.of(weight)));
    }
  }

  private static void variational(GoldenCase golden) {
    try (Pass pass = Pass.study()) {
      Var theta = pass.input(golden.tensor("theta", DType.F64));
      Var logVariance = pass.input(golden.tensor("log_sigma2", DType.F64));
      Var x = pass.input(golden.tensor("x", DType.F64));
      Var logAlpha = SparseVariationalDropout.logAlpha(theta, logVariance);
      golden.expect("log_alpha", logAlpha.value());
      Var divergence = SparseVariationalDropout.divergence(logAlpha);
      golden.expect("kl_per_weight", divergence.value());
      golden.expect("kl_sum", SparseVariationalDropout.sum(divergence).value().item());
      golden.expect(
          "y_train",
          SparseVariationalDropout.train(
                  x, theta, logVariance, pass.input(golden.tensor("epsilon", DType.F64)))
              .value());
      Tensor mask =
          SparseVariationalDropout.mask(logAlpha.value(), golden.number("threshold_log_alpha"));
      golden.expect("mask", mask);
      golden.expect(
          "y_eval", SparseVariationalDropout.evaluate(x, theta, pass.input(mask)).value());
    }
  }
}
