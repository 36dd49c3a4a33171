package org.espalier.optim.train;

import java.util.Iterator;
import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Runs a model over samples in infer passes on one workspace, and measures it. Belongs to one
 * thread.
 */
public final class Evaluator {
  private final Objective objective;
  private final int k;
  private final Workspace workspace = new Workspace();

  /** Creates an evaluator that counts the five largest outputs for top-k. */
  public Evaluator(Objective objective) {
    this(objective, 5);
  }

  /** Creates an evaluator with a k for top-k, at least 1. */
  public Evaluator(Objective objective, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("evaluator: k must be at least 1, got " + k);
    }
    this.objective = objective;
    this.k = k;
  }

  /** Measures a model, which is not modified, on all batches of their epoch 0. */
  public Evaluation evaluate(Module model, Batches batches) {
    Tally tally = new Tally();
    ClassCounts counts = new ClassCounts(k);
    Iterator<Batch> iterator = batches.epoch(0, 0);
    try {
      while (iterator.hasNext()) {
        add(model, iterator.next(), tally, counts);
      }
    } finally {
      Closing.close(iterator);
    }
    return new Evaluation(
        tally.samples(), tally.loss(), tally.accuracy(), counts.topK(), k, counts.confusion());
  }

  private void add(Module model, Batch batch, Tally tally, ClassCounts counts) {
    try (Pass pass = Pass.infer(workspace)) {
      Var output = model.apply(pass, pass.input(batch.x()));
      Tensor values = output.value();
      double loss = objective.loss(pass, output, batch.y()).value().item();
      tally.add(loss, values, batch.y(), batch.size());
      if (batch.y().dtype() == DType.I32 && values.shape().rank() == batch.y().shape().rank() + 1) {
        counts.add(values, batch.y());
      }
    }
  }
}
