package org.espalier.sparse.prune.rls;

import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Rls;
import org.espalier.optim.Step;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Trains small models for some steps by recursive least squares. */
final class RlsTraining {
  private RlsTraining() {}

  static Rls rls() {
    return Rls.builder().momentum(0.5).gradientScale(0.1).build();
  }

  /** Returns noise of five classes; a class raises every fifth number. */
  static Batch batch(long seed, Shape sample) {
    Tensor x = Tensor.zeros(10, sample.count());
    java.util.Random random = new java.util.Random(seed);
    int[] classes = new int[10];
    for (int i = 0; i < x.count(); i++) {
      int row = i / sample.count();
      classes[row] = row % 5;
      x.set(i, random.nextGaussian() + (i % 5 == classes[row] ? 1 : 0));
    }
    int[] sizes = new int[sample.rank() + 1];
    sizes[0] = 10;
    System.arraycopy(sample.sizes(), 0, sizes, 1, sample.rank());
    return new Batch(x.reshape(Shape.of(sizes)), Tensor.indices(classes));
  }

  static void train(Module model, Optimizer optimizer, Shape sample, int steps) {
    for (int step = 0; step < steps; step++) {
      Batch batch = batch(step, sample);
      try (Pass pass = Pass.train(new Workspace(), Random.of(step))) {
        Var output = model.apply(pass, pass.input(batch.x()));
        Var loss = Losses.crossEntropy(output, pass.input(batch.y()));
        Gradients gradients = Walk.gradient(loss);
        optimizer.step(Step.of(pass.tape(), gradients));
      }
    }
  }

  static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  static Module copy(Module model) {
    return Snapshot.of(model, Map.of(), Map.of()).build();
  }

  static long parameters(Module model) {
    return model.parameters().stream().mapToLong(parameter -> parameter.raw().count()).sum();
  }
}
