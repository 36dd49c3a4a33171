package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.DistillationLoss;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.decomposition.CpDecomposition;
import org.espalier.sparse.decomposition.CpFactors;
import org.espalier.sparse.decomposition.LayerDecomposition;
import org.espalier.sparse.decomposition.Rank;
import org.espalier.sparse.decomposition.SvdDecomposition;
import org.espalier.sparse.decomposition.TuckerDecomposition;
import org.espalier.sparse.decomposition.TuckerFactors;
import org.espalier.sparse.sharing.Codebook;
import org.espalier.sparse.sharing.WeightClustering;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.linalg.Svd;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of distillation, decompositions, cheaper convolutions and shared weights. */
class GoldenStructuralTest {
  static final String STEM = "03-structural";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenStructuralTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("student_logits")) {
      distillation(golden);
    } else if (golden.has("depthwise_weight")) {
      separable(golden);
    } else if (golden.has("groups")) {
      grouped(golden);
    } else if (golden.has("rank_out")) {
      tucker(golden);
    } else if (golden.has("init_out")) {
      cp(golden);
    } else if (golden.has("clusters")) {
      sharing(golden);
    } else if (golden.has("rank")) {
      svd(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static void distillation(GoldenCase golden) {
    double temperature = golden.number("temperature");
    DistillationLoss loss = new DistillationLoss(temperature, golden.number("alpha"));
    Tensor labels = golden.tensor("labels", DType.I32);
    Tensor teacher = golden.tensor("teacher_logits", DType.F64);
    try (Pass pass = Pass.study()) {
      Var student = pass.inputWithGradient(golden.tensor("student_logits", DType.F64));
      Var whole = loss.of(pass, student, teacher, labels);
      golden.expect("loss", whole.value().item());
      golden.expect("grad_student_logits", Walk.gradient(whole).of(student));
      golden.expect(
          "cross_entropy",
          new DistillationLoss(temperature, 0).of(pass, student, teacher, labels).value().item());
      double scaled = Losses.distillation(student, pass.input(teacher), temperature).value().item();
      golden.expect("kl", scaled / (temperature * temperature));
    }
  }

  private static ConvConfig windows(GoldenCase golden, Tensor weight) {
    return ConvConfig.kernel(weight.shape().size(1), weight.shape().size(2))
        .withStride((int) golden.number("stride", 1))
        .withDilation((int) golden.number("dilation", 1))
        .withPadding((int) golden.number("padding", 0))
        .withoutBias();
  }

  /** Returns a convolution with a weight that stands channels last. */
  private static Conv2d conv(Tensor weight, int groups, ConvConfig config) {
    Shape shape = weight.shape();
    Conv2d conv = new Conv2d(shape.size(3) * groups, shape.size(0), config.withGroups(groups));
    conv.initialize(0);
    conv.convert(DType.F64);
    conv.weight().set(weight);
    return conv;
  }

  /** Compares output and gradients of a chain, {@code grad_} names by parameter. */
  private static Tensor run(GoldenCase golden, Module model, Map<String, Parameter> gradients) {
    try (Pass pass = Pass.study()) {
      Var x = pass.inputWithGradient(ChannelsLast.of(golden, "x", DType.F64));
      Var y = model.apply(pass, x);
      golden.expect("y", ChannelsLast.undo(y.value()));
      Gradients found = Walk.run(y, ChannelsLast.of(golden, "grad_y", DType.F64), Rule.GRADIENT);
      golden.expect("grad_x", ChannelsLast.undo(found.of(x)));
      gradients.forEach(
          (key, parameter) -> golden.expect(key, ChannelsLast.undo(found.of(parameter))));
      return y.value().copy();
    }
  }

  private static Shape sample(GoldenCase golden) {
    Shape x = ChannelsLast.of(golden, "x", DType.F64).shape();
    return Shape.of(x.size(1), x.size(2), x.size(3));
  }

  private static void separable(GoldenCase golden) {
    Tensor depthwise = ChannelsLast.of(golden, "depthwise_weight", DType.F64);
    Tensor pointwise = ChannelsLast.of(golden, "pointwise_weight", DType.F64);
    int in = sample(golden).size(2);
    ConvConfig windows = windows(golden, depthwise);
    Conv2d first = conv(depthwise, in, windows);
    Conv2d second = conv(pointwise, 1, ConvConfig.kernel(1).withoutBias());
    Sequential chain =
        Sequential.builder().add("depthwise", first).add("pointwise", second).build();
    run(golden, chain, Map.of("grad_depthwise", first.weight(), "grad_pointwise", second.weight()));
    chain.convert(DType.F32);
    Costs costs = Costs.of(chain, sample(golden));
    golden.expect("macs_per_image", costs.macs());
    golden.expect("params", costs.params());
    Module dense = new Conv2d(in, pointwise.shape().size(0), windows);
    golden.expect("macs_dense_conv_per_image", Costs.of(dense, sample(golden)).macs());
  }

  private static void grouped(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F64);
    int groups = golden.integer("groups");
    Conv2d conv = conv(weight, groups, windows(golden, weight));
    Tensor y = run(golden, conv, Map.of("grad_weight", conv.weight()));
    try (Pass pass = Pass.study()) {
      golden.expect(
          "channel_shuffled_y",
          ChannelsLast.undo(Ops.channelShuffle(pass.input(y), groups).value()));
    }
  }

  private static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static long params(Module model) {
    return model.parameters().stream().mapToLong(p -> p.shape().count()).sum();
  }

  private static void svd(GoldenCase golden) {
    Tensor weight = golden.tensor("weight", DType.F64);
    Linear linear = new Linear(weight.shape().size(1), weight.shape().size(0), false);
    linear.convert(DType.F64);
    linear.weight().set(weight);
    Svd whole = Svd.of(weight);
    golden.expect("singular_values", whole.singularValues());
    Rank rank = new Rank.Fixed(golden.integer("rank"));
    LayerDecomposition.Chain chain = new SvdDecomposition(rank).decompose(linear);
    golden.expect("relative_error", chain.relativeError());
    golden.expect("y", infer(chain.chain(), golden.tensor("x", DType.F64)));
    Tensor identity =
        Tensor.zeros(DType.F64, Shape.of(weight.shape().size(1), weight.shape().size(1)));
    for (int i = 0; i < weight.shape().size(1); i++) {
      identity.set(i * weight.shape().size(1) + i, 1);
    }
    golden.expect("truncated", transposed(infer(chain.chain(), identity)));
    List<Object> ranks = new ArrayList<>();
    for (Object theta : GoldenCase.list(golden.inputs().get("energy_thresholds"))) {
      ranks.add(new Rank.Energy(((Number) theta).doubleValue()).of(whole));
    }
    golden.expect("rank_for_energy", ranks);
    golden.expect("params_dense", params(linear));
    golden.expect("params_factored", params(chain.chain()));
  }

  private static Tensor transposed(Tensor matrix) {
    int rows = matrix.shape().size(0);
    int columns = matrix.shape().size(1);
    Tensor t = Tensor.zeros(matrix.dtype(), Shape.of(columns, rows));
    for (int i = 0; i < rows * columns; i++) {
      t.set(i % columns * rows + i / columns, matrix.get(i));
    }
    return t;
  }

  private static void tucker(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F64);
    Rank rankOut = new Rank.Fixed(golden.integer("rank_out"));
    Rank rankIn = new Rank.Fixed(golden.integer("rank_in"));
    int sweeps = (int) golden.number("hooi_sweeps", TuckerDecomposition.DEFAULT_SWEEPS);
    TuckerFactors factors = TuckerFactors.of(weight, rankOut, rankIn);
    golden.expect("hosvd_reconstruction", ChannelsLast.undo(factors.reconstruct()));
    List<Object> errors = new ArrayList<>(List.of(factors.relativeError()));
    for (int i = 0; i < sweeps; i++) {
      factors = factors.sweep();
      errors.add(factors.relativeError());
    }
    golden.expect("hooi_reconstruction", ChannelsLast.undo(factors.reconstruct()));
    golden.expect("relative_error_after_each_stage", errors);
    Conv2d dense = conv(weight, 1, windows(golden, weight));
    Module chain = new TuckerDecomposition(rankOut, rankIn, sweeps).decompose(dense).chain();
    Tensor y = infer(chain, ChannelsLast.of(golden, "x", DType.F64));
    golden.expect("y_three_conv_chain", ChannelsLast.undo(y));
    golden.expect("params_dense", params(dense));
    golden.expect("params_factored", params(chain));
  }

  private static void cp(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F64);
    CpFactors factors =
        CpFactors.of(
            weight,
            golden.tensor("init_out", DType.F64),
            golden.tensor("init_in", DType.F64),
            golden.tensor("init_height", DType.F64),
            golden.tensor("init_width", DType.F64));
    List<Object> errors = new ArrayList<>();
    int sweeps = golden.integer("sweeps");
    int listed = GoldenCase.list(golden.expected().get("relative_error_per_sweep")).size();
    // A reference that lists every sweep did not stop early.
    double tolerance =
        listed < sweeps ? CpDecomposition.DEFAULT_TOLERANCE : Double.NEGATIVE_INFINITY;
    double ridge = golden.number("ridge", CpDecomposition.DEFAULT_RIDGE);
    for (double error : factors.fit(sweeps, tolerance, ridge)) {
      errors.add(error);
    }
    golden.expect("relative_error_per_sweep", errors);
    golden.expect("reconstruction", ChannelsLast.undo(factors.reconstruct()));
    Conv2d dense = conv(weight, 1, windows(golden, weight));
    Module chain = CpDecomposition.chain(dense, factors);
    Tensor y = infer(chain, ChannelsLast.of(golden, "x", DType.F64));
    golden.expect("y_four_conv_chain", ChannelsLast.undo(y));
    golden.expect("params_dense", params(dense));
    golden.expect("params_factored", params(chain));
  }

  private static void sharing(GoldenCase golden) {
    Tensor w = golden.tensor("w", DType.F64);
    int clusters = golden.integer("clusters");
    Codebook start = new Codebook(w.toDoubles(), clusters);
    golden.expect("initial_centroids", Tensor.of(Shape.of(clusters), start.centroids()));
    Parameter weight = Parameter.trainable("w", w);
    int iterations = (int) golden.number("max_iterations", WeightClustering.DEFAULT_ITERATIONS);
    WeightClustering sharing = WeightClustering.attach(weight, clusters, iterations);
    golden.expect("centroids", sharing.centroids().raw());
    golden.expect("assignment", sharing.codes());
    golden.expect("shared_w", weight.value());
    golden.expect("index_bits", sharing.indexBits());
    golden.expect("compression_ratio_vs_float32", sharing.compressionRatio());
    try (Pass pass = Pass.train(new Workspace(), Random.of(0))) {
      Gradients gradients =
          Walk.run(pass.value(weight), golden.tensor("grad_w", DType.F64), Rule.GRADIENT);
      golden.expect("grad_centroids", gradients.of(sharing.centroids()));
      Sgd.builder().rate(golden.number("lr")).build().step(Step.of(pass.tape(), gradients));
    }
    golden.expect("centroids_after_sgd", sharing.centroids().raw());
  }
}
