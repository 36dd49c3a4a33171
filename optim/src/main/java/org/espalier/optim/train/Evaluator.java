package org.espalier.optim.train;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.metric.ConfusionMatrix;
import org.espalier.nn.metric.Metric;
import org.espalier.nn.metric.TopK;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Runs a model over samples in infer passes on one workspace, and measures it. Belongs to one
 * thread.
 */
public final class Evaluator {
  private final Loss loss;
  private final TopK topK;
  private final int k;
  private final List<Metric> metrics;
  private final Workspace workspace = new Workspace();
  private Tally tally;
  private ConfusionMatrix confusion;

  /** Creates an evaluator that counts the five largest outputs for top-k. */
  public Evaluator(Loss loss, Metric... metrics) {
    this(loss, 5, metrics);
  }

  /**
   * Creates an evaluator.
   *
   * @param loss gives the mean loss of a batch
   * @param k how many of the largest outputs count for top-k, at least 1
   * @param metrics what else is measured
   */
  public Evaluator(Loss loss, int k, Metric... metrics) {
    this.loss = loss;
    this.k = k;
    this.topK = new TopK(k);
    this.metrics = List.of(metrics);
  }

  /**
   * Measures a model, which is not modified, on all batches of their epoch 0. A loss that is no
   * finite number is refused, naming where it first appears.
   */
  public Evaluation evaluate(Module model, Batches batches) {
    tally = new Tally();
    confusion = null;
    topK.reset();
    metrics.forEach(Metric::reset);
    Iterator<Batch> iterator = batches.epoch(0, 0);
    try {
      while (iterator.hasNext()) {
        add(model, iterator.next());
      }
    } finally {
      Closing.close(iterator);
    }
    Map<String, Double> values = new LinkedHashMap<>();
    metrics.forEach(metric -> values.put(metric.name(), metric.value()));
    return new Evaluation(
        tally.samples(),
        tally.loss(),
        tally.accuracy(),
        topK.value(),
        k,
        confusion == null ? new long[0][0] : confusion.counts(),
        values);
  }

  private void add(Module model, Batch batch) {
    try (Pass pass = Pass.infer(workspace)) {
      Var output = model.apply(pass, pass.input(batch.x()));
      Tensor values = output.value();
      double mean = loss.of(pass, output, batch.y()).value().item();
      if (!Double.isFinite(mean)) {
        throw Diagnosis.ofEvaluation(mean, model, loss, batch);
      }
      tally.add(mean, values, batch.y(), batch.size());
      if (Tally.areClasses(values, batch.y())) {
        confusion = confusion == null ? new ConfusionMatrix(values.shape().size(-1)) : confusion;
        confusion.add(values, batch.y());
        topK.add(values, batch.y());
      }
      metrics.forEach(metric -> metric.add(values, batch.y()));
    }
  }
}
