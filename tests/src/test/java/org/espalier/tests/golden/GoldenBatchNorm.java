package org.espalier.tests.golden;

import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.RunningVariance;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Runs a batch-norm layer as often as a case says and compares its running statistics too. */
final class GoldenBatchNorm {
  private GoldenBatchNorm() {}

  static void check(GoldenCase golden, DType dtype) {
    Tensor x = ChannelsLast.of(golden, "x", dtype);
    BatchNorm layer = new BatchNorm(x.shape().size(-1), config(golden));
    layer.initialize(1).convert(dtype);
    set(golden, "w", layer.gamma());
    set(golden, "b", layer.beta());
    set(golden, "running_mean", layer.runningMean());
    set(golden, "running_var", layer.runningVariance());
    boolean training = golden.flag("training", true);
    int calls = golden.has("forward_calls") ? golden.integer("forward_calls") : 1;
    for (int call = 1; call <= calls; call++) {
      try (Pass pass = training ? Pass.train(Workspace.poisoned(), Random.of(1)) : Pass.study()) {
        Var input = pass.inputWithGradient(x);
        Var y = layer.apply(pass, input);
        if (call == calls) {
          compare(golden, layer, input, y);
        }
      }
    }
  }

  private static BatchNormConfig config(GoldenCase golden) {
    boolean keras = golden.text("op").equals("batch_norm_keras");
    Double momentum = keras ? Double.valueOf(1 - golden.number("keras_momentum")) : null;
    if (!keras && golden.has("momentum") && !golden.isText("momentum")) {
      momentum = golden.number("momentum");
    }
    RunningVariance variance =
        !keras
            ? RunningVariance.UNBIASED
            : golden.flag("unbiased_running_var", false)
                ? RunningVariance.KERAS22
                : RunningVariance.BIASED;
    BatchNormConfig config =
        BatchNormConfig.PYTORCH
            .withEps(golden.number("eps"))
            .withMomentum(momentum)
            .withRunningVariance(variance);
    config = golden.has("w") ? config : config.withoutAffine();
    return golden.has("running_mean") ? config : config.withoutRunningStats();
  }

  private static void set(GoldenCase golden, String key, Parameter parameter) {
    if (golden.has(key)) {
      parameter.set(golden.tensor(key, parameter.dtype()));
    }
  }

  private static void compare(GoldenCase golden, BatchNorm layer, Var x, Var y) {
    golden.expect("y", ChannelsLast.undo(y.value()));
    Tensor seed = ChannelsLast.of(golden, "gy", y.dtype());
    Gradients gradients = Walk.run(y, seed, Rule.GRADIENT);
    golden.expect("gx", ChannelsLast.undo(gradients.of(x)));
    if (golden.expects("gw")) {
      golden.expect("gw", gradients.of(layer.gamma()));
      golden.expect("gb", gradients.of(layer.beta()));
    }
    if (golden.expects("running_mean")) {
      golden.expect("running_mean", layer.runningMean().raw());
      golden.expect("running_var", layer.runningVariance().raw());
    }
  }
}
