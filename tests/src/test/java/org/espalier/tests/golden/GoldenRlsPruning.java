package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.Slot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.optim.CovarianceReduction;
import org.espalier.sparse.prune.rls.InputRemoval;
import org.espalier.sparse.prune.rls.RlsImportance;
import org.espalier.sparse.prune.rls.RlsPruner;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Prunes the inputs of one layer, behind a layer and a batch norm that make them. */
final class GoldenRlsPruning {
  private final GoldenCase golden;
  private final DType dtype;
  private final Module model;
  private final Parameter weight;
  private final Parameter bias;
  private final Shape sample;

  private GoldenRlsPruning(GoldenCase golden, DType dtype) {
    this.golden = golden;
    this.dtype = dtype;
    Shape file = golden.tensor("weight", dtype).shape();
    boolean flat = file.rank() == 2;
    int channels = file.size(1);
    int features = golden.tensor("upstream_weight", dtype).shape().size(1);
    boolean biased = golden.has("bias");
    sample = flat ? Shape.of(features) : Shape.of(5, 5, features);
    Module maker =
        flat
            ? new Linear(features, channels)
            : new Conv2d(features, channels, ConvConfig.kernel(1).withBias(true));
    Module reader =
        flat
            ? new Linear(channels, file.size(0), biased)
            : new Conv2d(
                channels,
                file.size(0),
                ConvConfig.kernel(file.size(2), file.size(3)).withBias(biased));
    BatchNorm norm = new BatchNorm(channels);
    model =
        Sequential.builder()
            .add("maker", maker)
            .add("norm", norm)
            .add("reader", reader)
            .build()
            .initialize(0)
            .convert(dtype);
    weight = model.parameter("reader.weight");
    bias = biased ? model.parameter("reader.bias") : null;
    fill();
  }

  static void check(GoldenCase golden, DType dtype) {
    new GoldenRlsPruning(golden, dtype).scores();
    new GoldenRlsPruning(golden, dtype).deleted();
    new GoldenRlsPruning(golden, dtype).schur();
    new GoldenRlsPruning(golden, dtype).compensated();
  }

  private void fill() {
    weight.set(ChannelsLast.of(golden, "weight", dtype));
    if (bias != null) {
      bias.set(golden.tensor("bias", dtype));
    }
    Parameter made = model.parameter("maker.weight");
    made.set(golden.tensor("upstream_weight", dtype).reshape(made.shape()));
    model.parameter("maker.bias").set(golden.tensor("upstream_bias", dtype));
    model.parameter("norm.weight").set(golden.tensor("upstream_bn_gamma", dtype));
    model.parameter("norm.bias").set(golden.tensor("upstream_bn_beta", dtype));
    model.parameter("norm.running_mean").set(golden.tensor("upstream_bn_mean", dtype));
    model.parameter("norm.running_var").set(golden.tensor("upstream_bn_var", dtype));
    GoldenRlsTest.attach(weight, golden.tensor("P", dtype));
    weight.slots().put("rls.velocity", new Slot(ChannelsLast.of(golden, "velocity", dtype)));
  }

  private void scores() {
    double[] diagonal = RlsImportance.CURVATURE_DIAGONAL.ofInputs(weight);
    golden.expect("score_curvature_diagonal", vector(diagonal));
    golden.expect("score_curvature_group", vector(RlsImportance.CURVATURE_GROUP.ofInputs(weight)));
    golden.expect("score_weight_over_p", vector(RlsImportance.WEIGHT_OVER_P.ofInputs(weight)));
    golden.expect("objective_increase_joint", InputRemoval.objectiveIncrease(weight, kept()));
  }

  private static Tensor vector(double... values) {
    return Tensor.of(Shape.of(values.length), values);
  }

  /** Returns the inputs that the pruner keeps, found by the channel numbers that a gain holds. */
  private Indices kept() {
    GoldenRlsPruning other = new GoldenRlsPruning(golden, dtype);
    Parameter gamma = other.model.parameter("norm.weight");
    gamma.update(
        raw -> {
          for (int channel = 0; channel < raw.count(); channel++) {
            raw.set(channel, channel);
          }
        });
    int channels = gamma.shape().count();
    other.prune(other.pruner());
    int[] kept = Arrays.stream(gamma.raw().toDoubles()).mapToInt(value -> (int) value).toArray();
    List<Integer> list = new ArrayList<>();
    Arrays.stream(kept).forEach(list::add);
    golden.expect("kept_inputs", list);
    return Indices.of(channels, kept);
  }

  private RlsPruner.Builder pruner() {
    double share = (golden.integer("prune_count") + 0.25) / weight.shape().size(-1);
    return RlsPruner.builder(sample).ratio(share).inputFeatures(false);
  }

  private void prune(RlsPruner.Builder builder) {
    builder.build().prune(model);
  }

  private void deleted() {
    prune(pruner());
    golden.expect("weight_after", ChannelsLast.undo(weight.raw()));
    golden.expect("velocity_after", ChannelsLast.undo(weight.slot("rls.velocity")));
    golden.expect("P_submatrix", GoldenRlsTest.matrix(weight));
    Parameter made = model.parameter("maker.weight");
    Shape flat = Shape.of(made.shape().size(0), made.shape().size(-1));
    golden.expect("upstream_weight_after", made.raw().reshape(flat));
    golden.expect("upstream_bias_after", model.parameter("maker.bias").raw());
    golden.expect("upstream_bn_gamma_after", model.parameter("norm.weight").raw());
    golden.expect("upstream_bn_var_after", model.parameter("norm.running_var").raw());
    expectIf("upstream_bn_beta_after", "norm.bias");
    expectIf("upstream_bn_mean_after", "norm.running_mean");
  }

  private void expectIf(String key, String path) {
    if (golden.expects(key)) {
      golden.expect(key, model.parameter(path).raw());
    }
  }

  private void schur() {
    prune(pruner().reduction(CovarianceReduction.SCHUR));
    golden.expect("P_schur", GoldenRlsTest.matrix(weight));
  }

  private void compensated() {
    prune(pruner().compensate());
    golden.expect("compensated_weight", ChannelsLast.undo(weight.raw()));
    if (bias != null) {
      golden.expect("compensated_bias", bias.raw());
    }
  }
}
