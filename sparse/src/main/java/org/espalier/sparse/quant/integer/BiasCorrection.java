package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.List;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Scale;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Takes off the biases what rounding the weights changes in the mean of each channel, {@code b +
 * E[y - y_quantised]} over the batches (resource-efficient survey, Q7).
 *
 * <p>Each layer is compared by itself: both forms get the float model's values, rounded to the
 * layer's input grid for the integer one.
 */
final class BiasCorrection {
  /** A product, the layer it became, and the sums of differences of each channel so far. */
  private record Compared(Stage stage, IntegerLayer layer, double[] sums, long[] count) {}

  private final PostTrainingQuantizer.Plan plan;
  private final List<Compared> compared = new ArrayList<>();

  BiasCorrection(PostTrainingQuantizer.Plan plan, IntegerModel quantized) {
    this.plan = plan;
    List<IntegerLayer> products =
        quantized.layers().stream().filter(layer -> layer.op() instanceof IntegerProduct).toList();
    int next = 0;
    for (Stage stage : plan.stages()) {
      if (stage.head() != null && TapeStages.isProduct(stage.head().op())) {
        int channels = stage.head().output().shape().size(-1);
        compared.add(new Compared(stage, products.get(next++), new double[channels], new long[1]));
      }
    }
  }

  void run(Module model, Iterable<Tensor> batches) {
    for (Tensor batch : batches) {
      try (Pass pass = Pass.study()) {
        model.apply(pass, pass.input(batch));
        List<Call> calls = plan.checked(pass.tape().calls());
        compared.forEach(one -> add(one, calls, batch));
      }
    }
    compared.forEach(BiasCorrection::correct);
  }

  private void add(Compared one, List<Call> calls, Tensor batch) {
    IntegerProduct op = (IntegerProduct) one.layer.op();
    Tensor x = value(one.stage.head().input(0), calls, batch);
    Tensor y = value(exact(one.stage), calls, batch);
    Tensor codes = Tensor.zeros(DType.I8, x.shape());
    for (int i = 0; i < x.count(); i++) {
      codes.i8()[i] = op.input().code((float) x.get(i));
    }
    Tensor weight = constant(one, 0).raw();
    Tensor scales = constant(one, 2).raw();
    Tensor sums = Tensor.zeros(DType.I32, y.shape());
    KernelLookup.integers()
        .sums(
            op.geometry(x.shape(), weight.shape(), y.shape()),
            codes,
            op.input().zeroPoint(),
            weight,
            constant(one, 1).raw(),
            sums);
    for (int i = 0; i < y.count(); i++) {
      int channel = i % one.sums.length;
      double step = (double) op.input().scale() * scales.get(channel);
      one.sums[channel] += y.get(i) - sums.i32()[i] * step;
    }
    one.count[0] += y.count() / one.sums.length;
  }

  private static Parameter constant(Compared one, int number) {
    return one.layer.constants().get(number);
  }

  /** Returns the value that the sums stand for: behind the norm, in front of the clamp. */
  private static Var exact(Stage stage) {
    Var value = stage.head().output();
    for (Call call : stage.tail()) {
      value = call.op() instanceof Scale ? call.output() : value;
    }
    return value;
  }

  private Tensor value(Var planned, List<Call> calls, Tensor batch) {
    int number = plan.number(planned);
    return number < 0 ? batch : calls.get(number).out();
  }

  private static void correct(Compared one) {
    IntegerProduct op = (IntegerProduct) one.layer.op();
    Tensor scales = constant(one, 2).raw();
    constant(one, 1)
        .update(
            bias -> {
              for (int o = 0; o < one.sums.length; o++) {
                double step = (double) op.input().scale() * scales.get(o);
                bias.i32()[o] += (int) Math.rint(one.sums[o] / one.count[0] / step);
              }
            });
  }
}
