package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.Mse;
import org.espalier.nn.model.Models;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.lowrank.BatchNormRectification;
import org.espalier.sparse.lowrank.Coverage;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.sparse.lowrank.EnergyTransfer;
import org.espalier.sparse.lowrank.LowRankForecast;
import org.espalier.sparse.lowrank.LowRankProjection;
import org.espalier.sparse.lowrank.RankPolicy;
import org.espalier.sparse.lowrank.WeightMatrix;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of low-rank projection with energy transfer. */
class GoldenLrpetTest {
  static final String STEM = "09-lrpet";

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenLrpetTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("models")) {
      costs(golden);
    } else if (golden.has("full_rank")) {
      ranks(golden);
    } else if (golden.has("project_every_steps")) {
      training(golden);
    } else if (golden.expects("amplification")) {
      gradientEnergy(golden);
    } else if (golden.has("x")) {
      decomposition(golden);
    } else if (golden.has("bn_gamma")) {
      rectified(golden);
    } else if (golden.has("weight") && golden.has("rank")) {
      projection(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static EnergyTransfer transfer(GoldenCase golden) {
    return EnergyTransfer.UNIFORM
        .withReductionFactor(golden.number("reduction_factor", 0))
        .withSkipBelowSigma(golden.number("skip_below_sigma1", EnergyTransfer.SKIP_BELOW_SIGMA))
        .withInverseEps(golden.number("inverse_eps", BatchNormRectification.INVERSE_EPS));
  }

  /** Returns the weight as a matrix, one row a filter in the layout of this library. */
  private static Tensor matrix(Tensor weight) {
    return weight.reshape(weight.shape().size(0), weight.count() / weight.shape().size(0));
  }

  /** Returns a projected matrix in the shape and layout of the file. */
  private static Tensor undo(EnergyTransfer.Projected projected, Tensor weight) {
    return ChannelsLast.undo(projected.value().reshape(weight.shape()));
  }

  private static double energy(Tensor values) {
    double sum = 0;
    for (double v : values.toDoubles()) {
      sum += v * v;
    }
    return sum;
  }

  /** Compares a value if the case expects it. */
  private static void expect(GoldenCase golden, String key, Object value) {
    if (golden.expects(key)) {
      golden.expect(key, value);
    }
  }

  private static void projection(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F64);
    int rank = golden.integer("rank");
    EnergyTransfer transfer = transfer(golden);
    EnergyTransfer.Projected projected = transfer.project(matrix(weight), rank);
    golden.expect("weight_after", undo(projected, weight));
    expect(golden, "unchanged", projected.isSkipped());
    expect(golden, "singular_values_before", projected.sigmaBefore());
    expect(golden, "singular_values_after", projected.sigmaAfter());
    expect(golden, "alpha", projected.alpha());
    expect(golden, "frobenius", Math.sqrt(energy(projected.value())));
    EnergyTransfer plain =
        EnergyTransfer.NONE
            .withReductionFactor(transfer.reductionFactor())
            .withSkipBelowSigma(transfer.skipBelowSigma());
    expect(
        golden,
        "weight_after_without_energy_transfer",
        undo(plain.project(matrix(weight), rank), weight));
  }

  private static void rectified(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F64);
    int rank = golden.integer("rank");
    double eps = golden.number("bn_eps", 1e-5);
    EnergyTransfer transfer = transfer(golden);
    Tensor scale =
        BatchNormRectification.scale(
            golden.tensor("bn_gamma", DType.F64), golden.tensor("bn_running_var", DType.F64), eps);
    EnergyTransfer.Projected projected = transfer.project(matrix(weight), rank, scale);
    golden.expect("weight_after", undo(projected, weight));
    expect(golden, "unchanged", projected.isSkipped());
    expect(golden, "alpha", projected.alpha());
    expect(golden, "bn_scale", scale);
    expect(golden, "inverse_scale", BatchNormRectification.inverse(scale, transfer.inverseEps()));
    expect(golden, "merged_singular_values_before", projected.sigmaBefore());
    expect(golden, "merged_singular_values_after", projected.sigmaAfter());
    boolean ordinary = weight.shape().rank() == 4 && golden.has("bn_beta");
    if (ordinary && WeightMatrix.of(weight.shape(), 1).shrinksAt(rank)) {
      assertArrayEquals(
          projected.value().toDoubles(),
          throughTheGraph(golden, transfer, rank, eps).toDoubles(),
          1e-6,
          "projected as layers of a model");
    }
  }

  /** Projects the convolution of a model whose batch norm has to be found. */
  private static Tensor throughTheGraph(
      GoldenCase golden, EnergyTransfer transfer, int rank, double eps) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F32);
    Shape shape = weight.shape();
    ConvConfig config = ConvConfig.kernel(shape.size(1), shape.size(2)).withoutBias();
    BatchNorm norm = new BatchNorm(shape.size(0), BatchNormConfig.PYTORCH.withEps(eps));
    Sequential model =
        Sequential.of(
            new Conv2d(shape.size(3), shape.size(0), config), norm, new Linear(shape.size(0), 2));
    model.initialize(1);
    model.parameter("0.weight").set(weight);
    norm.gamma().set(golden.tensor("bn_gamma", DType.F32));
    norm.beta().set(golden.tensor("bn_beta", DType.F32));
    norm.runningMean().set(golden.tensor("bn_running_mean", DType.F32));
    norm.runningVariance().set(golden.tensor("bn_running_var", DType.F32));
    LowRankProjection.builder(
            Shape.of(shape.size(1), shape.size(2), shape.size(3)), RankPolicy.list(rank))
        .transfer(transfer)
        .build()
        .project(model);
    return model.parameter("0.weight").raw();
  }

  private static void decomposition(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F32);
    Module layer = layer(golden, weight.shape()).initialize(1);
    layer.parameter("weight").set(weight);
    if (golden.has("bias")) {
      layer.parameter("bias").set(golden.tensor("bias", DType.F32));
    }
    int groups = golden.has("groups") ? golden.integer("groups") : 1;
    Sequential two = Decomposition.split(layer, golden.integer("rank"), groups);
    Tensor reduce = two.parameter("reduce.weight").raw();
    Tensor expand = two.parameter("expand.weight").raw();
    for (String kind : List.of("conv", "linear")) {
      expect(golden, "first_" + kind + "_weight_shape", sizes(ChannelsLast.undo(reduce)));
      expect(golden, "second_" + kind + "_weight_shape", sizes(ChannelsLast.undo(expand)));
    }
    Tensor first = matrix(reduce);
    Tensor second = matrix(expand);
    expect(golden, "first_rows_squared_norm", squaredNorms(first, true));
    expect(golden, "second_columns_squared_norm", squaredNorms(second, false));
    if (groups == 1) {
      expect(
          golden,
          "product_reshaped",
          ChannelsLast.undo(product(second, first).reshape(weight.shape())));
    }
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    golden.expect("y_original", ChannelsLast.undo(infer(layer, x)));
    golden.expect("y_decomposed", ChannelsLast.undo(infer(two, x)));
  }

  private static Module layer(GoldenCase golden, Shape weight) {
    if (weight.rank() == 2) {
      return new Linear(weight.size(1), weight.size(0), golden.has("bias"));
    }
    int groups = golden.has("groups") ? golden.integer("groups") : 1;
    return new Conv2d(
        weight.size(3) * groups,
        weight.size(0),
        ConvConfig.kernel(weight.size(1), weight.size(2))
            .withStride(golden.has("stride") ? golden.integer("stride") : 1)
            .withPadding(golden.has("padding") ? golden.integer("padding") : 0)
            .withDilation(golden.has("dilation") ? golden.integer("dilation") : 1)
            .withGroups(groups)
            .withBias(golden.has("bias")));
  }

  private static List<Long> sizes(Tensor tensor) {
    return IntStream.of(tensor.shape().sizes()).mapToObj(size -> (long) size).toList();
  }

  private static Tensor squaredNorms(Tensor matrix, boolean rows) {
    int columns = matrix.shape().size(1);
    Tensor norms = Tensor.zeros(DType.F64, Shape.of(rows ? matrix.shape().size(0) : columns));
    for (int i = 0; i < matrix.count(); i++) {
      int at = rows ? i / columns : i % columns;
      norms.set(at, norms.get(at) + matrix.get(i) * matrix.get(i));
    }
    return norms;
  }

  private static Tensor product(Tensor a, Tensor b) {
    int inner = a.shape().size(1);
    int columns = b.shape().size(1);
    Tensor product = Tensor.zeros(DType.F64, Shape.of(a.shape().size(0), columns));
    for (int i = 0; i < product.count(); i++) {
      double sum = 0;
      for (int k = 0; k < inner; k++) {
        sum += a.get(i / columns * inner + k) * b.get(k * columns + i % columns);
      }
      product.set(i, sum);
    }
    return product;
  }

  private static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.study()) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static void ranks(GoldenCase golden) {
    List<Object> ours = new ArrayList<>();
    List<Object> code = new ArrayList<>();
    List<Object> full = GoldenCase.list(golden.inputs().get("full_rank"));
    List<Object> ratios = GoldenCase.list(golden.inputs().get("prune_ratio"));
    for (int i = 0; i < full.size(); i++) {
      int k = ((Number) full.get(i)).intValue();
      double p = ((Number) ratios.get(i)).doubleValue();
      int rank = RankPolicy.rank(k, p);
      ours.add(rank);
      // The released code has no floor: where ours is 1, it may have been 0.
      code.add(rank == 1 && k - k * p < 1 ? 0 : rank);
    }
    golden.expect("rank_ours", ours);
    golden.expect("rank_code", code);
  }

  private static void costs(GoldenCase golden) {
    List<Object> rows = new ArrayList<>();
    List<Object> expected = GoldenCase.list(golden.expected().get("rows"));
    for (Object input : GoldenCase.list(golden.inputs().get("models"))) {
      Map<String, Object> row = new LinkedHashMap<>(GoldenCase.map(input));
      String name = (String) row.get("model");
      boolean imagenet = name.matches("resnet(18|34|50|101|152)|.*224");
      Shape image = Shape.of(imagenet ? 224 : 32, imagenet ? 224 : 32, 3);
      Module model = Models.byName(name, image, imagenet ? 1000 : 10);
      RankPolicy policy =
          row.containsKey("ranks")
              ? RankPolicy.list(
                  GoldenCase.list(row.get("ranks")).stream()
                      .mapToInt(rank -> ((Number) rank).intValue())
                      .toArray())
              : RankPolicy.ratio(((Number) row.get("prune_ratio")).doubleValue());
      LowRankForecast forecast =
          LowRankForecast.ofAllSplit(model, image, Coverage.CONVOLUTIONS, policy);
      row.put("base_macs", forecast.baseMacs());
      row.put("base_params", forecast.baseWeights());
      row.put("macs", forecast.macs());
      row.put("params", forecast.weights());
      row.put("macs_reduction_pct", 100 * forecast.macsSaved());
      row.put("params_reduction_pct", 100 * forecast.weightsSaved());
      // What the authors claim is information only.
      Map<String, Object> wanted = GoldenCase.map(expected.get(rows.size()));
      if (wanted.containsKey("claimed_by_authors_pct")) {
        row.put("claimed_by_authors_pct", wanted.get("claimed_by_authors_pct"));
      }
      rows.add(row);
    }
    golden.expect("rows", rows);
  }

  private static void training(GoldenCase golden) {
    Tensor initial = golden.tensor("weight0", DType.F32);
    Linear layer = new Linear(initial.shape().size(1), initial.shape().size(0), false);
    Parameter weight = layer.weight();
    weight.set(initial);
    Optimizer sgd =
        Sgd.builder()
            .rate(golden.number("lr"))
            .momentum(golden.number("momentum", 0))
            .weightDecay(golden.number("weight_decay", 0))
            .build();
    Tensor xs = golden.tensor("x", DType.F32);
    Tensor ys = golden.tensor("y", DType.F32);
    int steps = xs.shape().size(0);
    int every = golden.integer("project_every_steps");
    Tensor weights = Tensor.zeros(DType.F64, initial.shape().batched(steps));
    List<Object> losses = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      try (Pass pass = Pass.train(new Workspace(), Random.of(step))) {
        Var y = layer.apply(pass, pass.input(part(xs, step)));
        Var loss = new Mse().of(pass, y, part(ys, step));
        losses.add(loss.value().item());
        Gradients gradients = Walk.gradient(loss);
        sgd.step(Step.of(pass.tape(), gradients));
      }
      if ((step + 1) % every == 0) {
        Tensor projected = transfer(golden).project(weight.raw(), golden.integer("rank")).value();
        weight.update(raw -> raw.copyFrom(projected));
      }
      for (int i = 0; i < initial.count(); i++) {
        weights.set(step * initial.count() + i, weight.raw().get(i));
      }
    }
    golden.expect("weights_after_each_step", weights);
    golden.expect("losses", losses);
  }

  private static Tensor part(Tensor all, int step) {
    Tensor part = Tensor.zeros(all.dtype(), all.shape().sample());
    for (int i = 0; i < part.count(); i++) {
      part.set(i, all.get(step * part.count() + i));
    }
    return part;
  }

  private static void gradientEnergy(GoldenCase golden) {
    Tensor weight = golden.tensor("weight", DType.F64);
    int rank = golden.integer("rank");
    EnergyTransfer.Projected projected = transfer(golden).project(weight, rank);
    golden.expect("mean_squared_backprop_full", energy(weight));
    golden.expect(
        "mean_squared_backprop_projected",
        energy(EnergyTransfer.NONE.project(weight, rank).value()));
    golden.expect("mean_squared_backprop_energy_transfer", energy(projected.value()));
    golden.expect("amplification", Math.sqrt(projected.alpha()));
    assertEquals(
        1 / (1 - projected.tailShare(rank)), projected.alpha(), 1e-9, "all is transferred");
  }
}
