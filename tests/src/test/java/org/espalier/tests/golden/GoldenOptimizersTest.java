package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Parameter;
import org.espalier.optim.Clipping;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Plateau;
import org.espalier.optim.Rate;
import org.espalier.optim.Schedule;
import org.espalier.optim.Step;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Asks every golden trajectory, clipping and schedule of our optimizers. The tolerance of the file
 * is for float64; float32 runs are allowed at least 1e-6, as the layers reference says.
 */
class GoldenOptimizersTest {
  static final String STEM = "optimizers";
  private static final double FLOAT32_TOLERANCE = 1e-6;

  @TestFactory
  Stream<DynamicTest> float32() {
    return GoldenFolder.tests(
        STEM, golden -> run(golden.withToleranceOfAtLeast(FLOAT32_TOLERANCE), DType.F32));
  }

  @TestFactory
  Stream<DynamicTest> float64() {
    return GoldenFolder.tests(STEM, golden -> run(golden, DType.F64));
  }

  private static void run(GoldenCase golden, DType dtype) {
    if (golden.has("g0_per_step")) {
      trajectory(golden, dtype);
    } else if (golden.has("g0")) {
      clipping(golden, dtype);
    } else {
      schedule(golden);
    }
  }

  private static void trajectory(GoldenCase golden, DType dtype) {
    Optimizer optimizer = GoldenOptimizers.of(golden);
    List<Parameter> parameters = new ArrayList<>();
    List<Tensor> gradients = new ArrayList<>();
    List<Tensor> trace = new ArrayList<>();
    for (int k = 0; golden.has("p" + k); k++) {
      parameters.add(Parameter.trainable("p" + k, golden.tensor("p" + k, dtype)));
      gradients.add(golden.tensor("g" + k + "_per_step", dtype));
      trace.add(Tensor.zeros(dtype, gradients.get(k).shape()));
    }
    int steps = gradients.get(0).shape().size(0);
    for (int s = 0; s < steps; s++) {
      Map<Parameter, Tensor> now = new LinkedHashMap<>();
      for (int k = 0; k < parameters.size(); k++) {
        now.put(parameters.get(k), row(gradients.get(k), s));
      }
      optimizer.step(Step.of(null, gradients(now), rate(golden, s)));
      for (int k = 0; k < parameters.size(); k++) {
        setRow(trace.get(k), s, parameters.get(k).raw());
      }
    }
    for (int k = 0; k < parameters.size(); k++) {
      golden.expect("p" + k + "_per_step", trace.get(k));
      if (golden.expects("momentum_buffer_p" + k)) {
        golden.expect("momentum_buffer_p" + k, parameters.get(k).slot("sgd.momentum"));
      }
    }
  }

  private static Rate rate(GoldenCase golden, int step) {
    return golden.has("lr_per_step")
        ? Rate.fixed(
            ((Number) GoldenCase.list(golden.inputs().get("lr_per_step")).get(step)).doubleValue())
        : Rate.BASE;
  }

  private static Tensor row(Tensor tensor, int index) {
    int count = tensor.count() / tensor.shape().size(0);
    Tensor row = Tensor.zeros(tensor.dtype(), Shape.of(count));
    for (int i = 0; i < count; i++) {
      row.set(i, tensor.get(index * count + i));
    }
    return row;
  }

  private static void setRow(Tensor tensor, int index, Tensor row) {
    for (int i = 0; i < row.count(); i++) {
      tensor.set(index * row.count() + i, row.get(i));
    }
  }

  /** Returns given gradients: those of {@code Σ g·p}. */
  private static Gradients gradients(Map<Parameter, Tensor> given) {
    Tape tape = Tape.open(Mode.TRAIN, Workspace.heap());
    Var sum = null;
    for (Map.Entry<Parameter, Tensor> entry : given.entrySet()) {
      Tensor raw = entry.getKey().raw();
      Var value = tape.input(raw, true);
      tape.watch(entry.getKey(), value);
      Var g = tape.constant(entry.getValue().reshape(raw.shape()));
      Var term = Ops.reduce(Reduction.SUM, Ops.mul(g, value), "... ->");
      sum = sum == null ? term : Ops.add(sum, term);
    }
    return Walk.gradient(sum);
  }

  private static void clipping(GoldenCase golden, DType dtype) {
    List<Parameter> parameters = new ArrayList<>();
    Map<Parameter, Tensor> given = new LinkedHashMap<>();
    for (int k = 0; golden.has("g" + k); k++) {
      Tensor gradient = golden.tensor("g" + k, dtype);
      parameters.add(Parameter.trainable("p" + k, Tensor.zeros(dtype, gradient.shape())));
      given.put(parameters.get(k), gradient);
    }
    Gradients gradients = gradients(given);
    if (golden.text("op").equals("clip_grad_value")) {
      Clipping.byValue(gradients, golden.number("max"));
    } else {
      double order = golden.number("norm_type", 2);
      golden.expect("total_norm", Clipping.byNorm(gradients, golden.number("max"), order));
    }
    for (int k = 0; k < parameters.size(); k++) {
      golden.expect("g" + k, gradients.of(parameters.get(k)));
    }
  }

  private static void schedule(GoldenCase golden) {
    Map<String, Object> inputs = golden.inputs();
    Schedule schedule = GoldenSchedules.of(inputs);
    double base = golden.number("base_lr");
    if (golden.expects("lr")) {
      int epochs = GoldenCase.tensor(golden.expected().get("lr"), DType.F64).count();
      golden.expect("lr", rates(schedule, base, inputs, epochs));
    }
    if (golden.expects("lr_at_one_based_epoch")) {
      Map<String, Object> rates = new LinkedHashMap<>();
      GoldenCase.map(golden.expected().get("lr_at_one_based_epoch"))
          .keySet()
          .forEach(epoch -> rates.put(epoch, schedule.rate(base, Integer.parseInt(epoch) - 1, 0)));
      golden.expect("lr_at_one_based_epoch", rates);
    }
  }

  private static Tensor rates(
      Schedule schedule, double base, Map<String, Object> inputs, int epochs) {
    Tensor rates = Tensor.zeros(DType.F64, Shape.of(epochs));
    for (int epoch = 0; epoch < epochs; epoch++) {
      rates.set(epoch, schedule.rate(base, epoch, epoch));
      if (schedule instanceof Plateau plateau) {
        Object metric = GoldenCase.list(inputs.get("metric_per_epoch")).get(epoch);
        plateau.observe(((Number) metric).doubleValue(), base);
      }
    }
    return rates;
  }
}
