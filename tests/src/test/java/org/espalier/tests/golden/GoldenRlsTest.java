package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.model.Mlp;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.optim.LinearLayer;
import org.espalier.optim.Rls;
import org.espalier.optim.Step;
import org.espalier.sparse.prune.rls.RecoveryRule;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.linalg.Cholesky;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of recursive least squares of the optimizer and its pruning, in both types. */
class GoldenRlsTest {
  static final String STEM = "12-rls-pruning";

  @TestFactory
  Stream<DynamicTest> float32() {
    return GoldenFolder.tests(STEM, golden -> check(golden, DType.F32));
  }

  @TestFactory
  Stream<DynamicTest> float64() {
    return GoldenFolder.tests(STEM, golden -> check(golden, DType.F64));
  }

  private static void check(GoldenCase golden, DType dtype) {
    if (golden.has("prune_count")) {
      GoldenRlsPruning.check(golden, dtype);
    } else if (golden.has("test_loss_per_epoch")) {
      schedule(golden);
    } else if (golden.has("network")) {
      network(golden, dtype);
    } else if (golden.has("target_per_step")) {
      exact(golden, dtype);
    } else if (golden.has("grad_y")) {
      convolution(golden, dtype);
    } else if (golden.has("grad_y_per_step")) {
      linear(golden, dtype);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  private static Rls rls(GoldenCase golden) {
    return Rls.builder()
        .forgettingFactor(golden.number("forgetting_factor"))
        .averageScale(golden.number("average_scale_k"))
        .gradientScale(golden.number("gradient_scale_eta"))
        .momentum(golden.number("momentum"))
        .build();
  }

  /** Gives a weight the P that a case starts with, where that is not the identity. */
  private static void start(GoldenCase golden, Parameter weight, DType dtype) {
    if (golden.isText("initial_P")) {
      if (!golden.text("initial_P").equals("identity")) {
        throw new AssertionError(golden + ": initial_P " + golden.text("initial_P"));
      }
    } else if (golden.has("initial_P")) {
      attach(weight, golden.tensor("initial_P", dtype));
    }
  }

  /** Puts a matrix of the file into the slot of a weight. */
  static void attach(Parameter weight, Tensor file) {
    Tensor ours = reordered(weight, file, true);
    int size = file.shape().size(0);
    InverseAutocorrelation.attach(weight, ours.reshape(1, size, size));
  }

  /** Returns P in the file's order: channels, rows, columns, bias. */
  static Tensor matrix(Parameter weight) {
    return reordered(weight, InverseAutocorrelation.of(weight).matrix(0), false);
  }

  private static Tensor reordered(Parameter weight, Tensor matrix, boolean toOurs) {
    int size = matrix.shape().size(0);
    Tensor other = Tensor.zeros(matrix.dtype(), matrix.shape());
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        int mine = ours(weight, i) * size + ours(weight, j);
        int file = i * size + j;
        other.set(toOurs ? mine : file, matrix.get(toOurs ? file : mine));
      }
    }
    return other;
  }

  /** Returns our index of an input that the file numbers by channel, row and column. */
  private static int ours(Parameter weight, int file) {
    Shape shape = weight.shape();
    int channels = shape.size(-1);
    int taps = shape.count(1, shape.rank() - 1);
    return file >= taps * channels ? file : file % taps * channels + file / taps;
  }

  /** What one step read: mean input, {@code u = P x̄} and h, all with the P before it. */
  private record Reading(double[] mean, double[] gain, double h) {}

  /** Takes one step of a layer whose output gradient is given. */
  private static Reading step(
      GoldenCase golden, Rls rls, Module layer, Parameter weight, Tensor x, Tensor outputGradient) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(0))) {
      Var y = layer.apply(pass, pass.input(x));
      Var product = Ops.mul(y, pass.input(outputGradient));
      Gradients gradients = Walk.gradient(Ops.reduce(Reduction.SUM, product, "... ->"));
      Reading reading = reading(golden, pass, layer, weight);
      rls.step(Step.of(pass.tape(), gradients));
      return reading;
    }
  }

  private static Reading reading(GoldenCase golden, Pass pass, Module layer, Parameter weight) {
    LinearLayer used = LinearLayer.of(pass.tape(), layer.parameters()).get(0);
    double[] mean = used.meanInput().toDoubles();
    InverseAutocorrelation p = InverseAutocorrelation.of(weight);
    double[] gain = p == null ? mean : p.gain(0, mean);
    double dot = 0;
    for (int i = 0; i < mean.length; i++) {
      dot += mean[i] * gain[i];
    }
    double h = golden.number("forgetting_factor") + golden.number("average_scale_k") * dot;
    return new Reading(mean, gain, h);
  }

  private static void linear(GoldenCase golden, DType dtype) {
    Tensor weight = golden.tensor("weight", dtype);
    boolean biased = golden.has("bias");
    Linear layer = new Linear(weight.shape().size(1), weight.shape().size(0), biased);
    initialize(golden, layer, layer.weight(), layer.bias(), dtype);
    Rls rls = rls(golden);
    Tensor xs = golden.tensor("x_per_step", dtype);
    Tensor gradients = golden.tensor("grad_y_per_step", dtype);
    List<Double> scales = new ArrayList<>();
    double[] gain = {};
    Tensor lastWeight = null;
    Tensor lastBias = null;
    for (int step = 0; step < xs.shape().size(0); step++) {
      lastWeight = layer.weight().raw().copy();
      lastBias = biased ? layer.bias().raw().copy() : null;
      Reading reading =
          step(golden, rls, layer, layer.weight(), part(xs, step), part(gradients, step));
      scales.add(reading.h);
      gain = reading.gain;
    }
    golden.expect("h_per_step", scales);
    golden.expect("u_last", Tensor.of(Shape.of(gain.length), gain));
    golden.expect("weight_after", layer.weight().raw());
    golden.expect("P_after", matrix(layer.weight()));
    golden.expect("velocity_weight_after", velocity(layer.weight(), lastWeight));
    if (biased) {
      golden.expect("bias_after", layer.bias().raw());
      golden.expect("velocity_bias_after", velocity(layer.bias(), lastBias));
    }
  }

  private static void initialize(
      GoldenCase golden, Module layer, Parameter weight, Parameter bias, DType dtype) {
    layer.initialize(0).convert(dtype);
    weight.set(ChannelsLast.of(golden.tensor("weight", dtype)));
    if (bias != null) {
      bias.set(golden.tensor("bias", dtype));
    }
    start(golden, weight, dtype);
  }

  /** Returns the velocity, which without momentum nobody keeps: it is the last change. */
  private static Tensor velocity(Parameter parameter, Tensor before) {
    if (parameter.slots().containsKey("rls.velocity")) {
      return parameter.slot("rls.velocity");
    }
    Tensor change = Tensor.zeros(DType.F64, before.shape());
    for (int i = 0; i < change.count(); i++) {
      change.set(i, parameter.raw().get(i) - before.get(i));
    }
    return change;
  }

  /** Returns one of the tensors that are stacked along the first axis. */
  private static Tensor part(Tensor stacked, int index) {
    int[] sizes = stacked.shape().sizes();
    Tensor part =
        Tensor.zeros(stacked.dtype(), Shape.of(Arrays.copyOfRange(sizes, 1, sizes.length)));
    for (int i = 0; i < part.count(); i++) {
      part.set(i, stacked.get(index * part.count() + i));
    }
    return part;
  }

  private static void convolution(GoldenCase golden, DType dtype) {
    Shape file = golden.tensor("weight", dtype).shape();
    boolean biased = golden.has("bias");
    int groups = golden.has("groups") ? golden.integer("groups") : 1;
    ConvConfig config =
        ConvConfig.kernel(file.size(2), file.size(3))
            .withStride(golden.integer("stride"))
            .withPadding(golden.integer("padding"))
            .withBias(biased);
    int in = file.size(1) * groups;
    Conv2d layer = new Conv2d(in, file.size(0), groups == 1 ? config : config.withGroups(groups));
    initialize(golden, layer, layer.weight(), layer.bias(), dtype);
    Tensor x = ChannelsLast.of(golden, "x", dtype);
    Tensor gradient = ChannelsLast.of(golden, "grad_y", dtype);
    Reading reading = step(golden, rls(golden), layer, layer.weight(), x, gradient);
    Tensor mean = Tensor.zeros(DType.F64, Shape.of(reading.mean.length));
    for (int i = 0; i < mean.count(); i++) {
      mean.set(i, reading.mean[ours(layer.weight(), i)]);
    }
    golden.expect("mean_patch", mean);
    golden.expect("h", reading.h);
    golden.expect("weight_after", ChannelsLast.undo(layer.weight().raw()));
    golden.expect("P_after", matrix(layer.weight()));
    if (biased) {
      golden.expect("bias_after", layer.bias().raw());
    }
  }

  /** Runs the recursion over single samples, and asks its closed form of a Cholesky factor. */
  private static void exact(GoldenCase golden, DType dtype) {
    Tensor weight = golden.tensor("weight", dtype);
    int inputs = weight.shape().size(1);
    Linear layer = new Linear(inputs, weight.shape().size(0), false);
    layer.initialize(0).convert(dtype);
    layer.weight().set(weight);
    start(golden, layer.weight(), dtype);
    Rls rls = rls(golden);
    Tensor xs = golden.tensor("x_per_step", dtype);
    Tensor targets = golden.tensor("target_per_step", dtype);
    for (int step = 0; step < xs.shape().size(0); step++) {
      Tensor x = part(xs, step).reshape(1, inputs);
      Tensor z = part(targets, step).reshape(1, weight.shape().size(0));
      try (Pass pass = Pass.train(new Workspace(), Random.of(0))) {
        Var error = Ops.sub(layer.apply(pass, pass.input(x)), pass.input(z));
        Var squares = Ops.reduce(Reduction.SUM, Ops.mul(error, error), "... ->");
        Gradients gradients = Walk.gradient(Ops.affine(squares, 0.5, 0));
        rls.step(Step.of(pass.tape(), gradients));
      }
    }
    golden.expect("weight_after", layer.weight().raw());
    golden.expect("P_after", matrix(layer.weight()));
    closedForm(golden, xs, targets, weight);
  }

  private static void closedForm(GoldenCase golden, Tensor xs, Tensor zs, Tensor weight) {
    double forgetting = golden.number("forgetting_factor");
    int n = xs.shape().size(1);
    int o = zs.shape().size(1);
    Tensor a = Tensor.zeros(DType.F64, Shape.of(n, n));
    Tensor b = Tensor.zeros(DType.F64, Shape.of(n, o));
    for (int i = 0; i < n; i++) {
      a.set(i * n + i, 1);
      for (int k = 0; k < o; k++) {
        b.set(i * o + k, weight.get(k * n + i));
      }
    }
    for (int step = 0; step < xs.shape().size(0); step++) {
      for (int i = 0; i < n; i++) {
        double xi = xs.get(step * n + i);
        for (int j = 0; j < n; j++) {
          a.set(i * n + j, forgetting * a.get(i * n + j) + xi * xs.get(step * n + j));
        }
        for (int k = 0; k < o; k++) {
          b.set(i * o + k, forgetting * b.get(i * o + k) + xi * zs.get(step * o + k));
        }
      }
    }
    Cholesky factor = Cholesky.of(a);
    golden.expect("closed_form_P", factor.inverse());
    Tensor solved = factor.solve(b);
    Tensor transposed = Tensor.zeros(DType.F64, Shape.of(o, n));
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < o; k++) {
        transposed.set(k * n + i, solved.get(i * o + k));
      }
    }
    golden.expect("closed_form_weight", transposed);
  }

  /** Trains a perceptron with as many layers as the case has weights. */
  private static void network(GoldenCase golden, DType dtype) {
    List<Tensor> weights = new ArrayList<>();
    for (int k = 1; golden.has("w" + k); k++) {
      weights.add(golden.tensor("w" + k, dtype));
    }
    int[] sizes = new int[weights.size() + 1];
    sizes[0] = weights.get(0).shape().size(1);
    for (int k = 0; k < weights.size(); k++) {
      sizes[k + 1] = weights.get(k).shape().size(0);
    }
    Module model = Mlp.of(sizes).initialize(0).convert(dtype);
    for (int k = 0; k < weights.size(); k++) {
      model.parameter("fc" + (k + 1) + ".weight").set(weights.get(k));
    }
    Rls rls = rls(golden);
    Tensor xs = golden.tensor("x", dtype);
    Tensor labels = golden.tensor("labels", DType.F64);
    List<Double> losses = new ArrayList<>();
    for (int step = 0; step < xs.shape().size(0); step++) {
      Tensor row = part(labels, step);
      int[] classes = Arrays.stream(row.toDoubles()).mapToInt(label -> (int) label).toArray();
      try (Pass pass = Pass.train(new Workspace(), Random.of(0))) {
        Var output = model.apply(pass, pass.input(part(xs, step)));
        Var loss = Losses.crossEntropy(output, pass.input(Tensor.indices(classes)));
        losses.add(loss.value().item());
        rls.step(Step.of(pass.tape(), Walk.gradient(loss)));
      }
    }
    golden.expect("loss_before_each_step", losses);
    for (int k = 1; k <= weights.size(); k++) {
      Parameter weight = model.parameter("fc" + k + ".weight");
      golden.expect("w" + k, weight.raw());
      golden.expect("b" + k, model.parameter("fc" + k + ".bias").raw());
      golden.expect("P" + k, matrix(weight));
    }
  }

  private static void schedule(GoldenCase golden) {
    RecoveryRule rule = new RecoveryRule(golden.number("tolerance", 0));
    int first = golden.integer("first_prune_epoch");
    int last = golden.integer("last_prune_epoch");
    List<Integer> events = new ArrayList<>();
    List<Double> references = new ArrayList<>();
    int epoch = 0;
    for (Object loss : GoldenCase.list(golden.inputs().get("test_loss_per_epoch"))) {
      epoch++;
      if (rule.observe(epoch >= first && epoch <= last, ((Number) loss).doubleValue())) {
        events.add(epoch);
      }
      references.add(Double.isNaN(rule.reference()) ? null : rule.reference());
    }
    golden.expect("prune_after_epochs", events);
    golden.expect("reference_loss_after_each_epoch", references);
  }
}
