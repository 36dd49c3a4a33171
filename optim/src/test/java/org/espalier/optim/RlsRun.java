package org.espalier.optim;

import java.util.List;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;

/** Takes steps of recursive least squares on modules, with output gradients that are given. */
final class RlsRun {
  private RlsRun() {}

  /** Returns normal numbers, the same for the same seed. */
  static Tensor normal(long seed, DType dtype, int... sizes) {
    Tensor tensor = Tensor.zeros(dtype, Shape.of(sizes));
    java.util.Random random = new java.util.Random(seed);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  /** Takes one step by the gradient of {@code Σ y·outputGradient}; returns the mean inputs. */
  static List<Tensor> step(Optimizer optimizer, Module module, Tensor x, Tensor outputGradient) {
    return step(optimizer, module, x, outputGradient, new Workspace());
  }

  static List<Tensor> step(
      Optimizer optimizer, Module module, Tensor x, Tensor outputGradient, Workspace workspace) {
    try (Pass pass = Pass.train(workspace, Random.of(0))) {
      Var y = module.apply(pass, pass.input(x));
      Var product = Ops.mul(y, pass.input(outputGradient));
      Gradients gradients = Walk.gradient(Ops.reduce(Reduction.SUM, product, "... ->"));
      List<Tensor> means =
          LinearLayer.of(pass.tape(), module.parameters()).stream()
              .map(LinearLayer::meanInput)
              .toList();
      optimizer.step(Step.of(pass.tape(), gradients));
      return means;
    }
  }

  /** Returns the largest difference of two tensors of one shape. */
  static double difference(Tensor a, Tensor b) {
    if (!a.shape().equals(b.shape())) {
      throw new AssertionError(a.shape() + " and " + b.shape());
    }
    double largest = 0;
    for (int i = 0; i < a.count(); i++) {
      largest = Math.max(largest, Math.abs(a.get(i) - b.get(i)));
    }
    return largest;
  }
}
