package org.espalier.tests.golden;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;

/** Knows our activations by the golden files' names. */
final class GoldenActivations {
  private GoldenActivations() {}

  static Var of(String kind, GoldenCase golden, Var x) {
    return switch (kind) {
      case "relu" -> Ops.relu(x);
      case "leaky_relu" -> Ops.leakyRelu(x, golden.number("slope", 0.01));
      case "elu" -> Ops.elu(x, golden.number("alpha", 1));
      case "selu" -> Ops.selu(x);
      case "gelu" -> isTanh(golden) ? Ops.geluTanh(x) : Ops.gelu(x);
      case "gelu_tanh" -> Ops.geluTanh(x);
      case "softplus" -> Ops.softplus(x, golden.number("beta", 1), golden.number("threshold", 20));
      case "hard_sigmoid" -> Ops.hardSigmoid(x);
      case "hard_sigmoid_relu6" -> Ops.affine(Ops.relu6(Ops.affine(x, 1, 3)), 1.0 / 6, 0);
      case "hard_swish" -> Ops.hardSwish(x);
      case "relu6" -> Ops.relu6(x);
      case "hard_tanh" -> Ops.hardTanh(x, golden.number("min", -1), golden.number("max", 1));
      case "clamp01" -> Ops.clamp(x, 0, 1);
      case "clamp" -> Ops.clamp(x, golden.number("min"), golden.number("max"));
      case "sigmoid" -> Ops.sigmoid(x);
      case "tanh" -> Ops.tanh(x);
      case "silu" -> Ops.silu(x);
      case "softsign" -> Ops.softsign(x);
      case "log_sigmoid" -> Ops.logSigmoid(x);
      case "identity" -> Ops.affine(x, 1, 0);
      default -> throw new AssertionError(golden + ": no activation '" + kind + "'");
    };
  }

  private static boolean isTanh(GoldenCase golden) {
    return golden.isText("approximate") && golden.text("approximate").equals("tanh");
  }
}
