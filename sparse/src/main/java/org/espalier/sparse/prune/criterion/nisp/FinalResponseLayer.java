package org.espalier.sparse.prune.criterion.nisp;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.sparse.prune.criterion.Samples;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is the value that the classifier reads, behind its activation: the final response layer (NISP,
 * sheet 10, section 2.1). Features of maps count one by one, position by position.
 */
public final class FinalResponseLayer {
  private final Module model;
  private final String scope;

  private FinalResponseLayer(Module model, String scope) {
    this.model = model;
    this.scope = scope;
  }

  /**
   * Finds the layer: what the only linear layer or convolution reads behind which there is none.
   *
   * @param model the model, not modified
   * @param sampleShape the shape of one sample
   */
  public static FinalResponseLayer of(Module model, Shape sampleShape) {
    FinalResponseLayer layer = new FinalResponseLayer(model, null);
    layer.in(Recording.ofShapes(model, sampleShape));
    return layer;
  }

  /** Takes the output of a module, by its path. */
  public static FinalResponseLayer named(Module model, Shape sampleShape, String path) {
    FinalResponseLayer layer = new FinalResponseLayer(model, path);
    layer.in(Recording.ofShapes(model, sampleShape));
    return layer;
  }

  /** Returns the value in a recorded pass of the model. */
  Var in(Recording recording) {
    return scope == null ? classifier(recording).input(0) : behind(recording);
  }

  private Var behind(Recording recording) {
    Call last = null;
    for (Call call : recording.calls()) {
      boolean inside = call.scope().equals(scope) || call.scope().startsWith(scope + ".");
      last = inside ? call : last;
    }
    if (last == null) {
      throw new IllegalArgumentException(
          "neuron importance: no module '%s' is called; there are %s"
              .formatted(scope, model.modules().keySet()));
    }
    return last.output();
  }

  /** Finds the layer with a weight that nothing with a weight stands behind. */
  private static Call classifier(Recording recording) {
    Set<Call> weighted = Collections.newSetFromMap(new IdentityHashMap<>());
    recording
        .producers()
        .keySet()
        .forEach(position -> weighted.add(recording.calls().get(position)));
    Set<Call> found = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<Var> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Var> open = new ArrayDeque<>(List.of(recording.output()));
    while (!open.isEmpty()) {
      Var var = open.pop();
      if (!seen.add(var) || var.call() == null) {
        continue;
      }
      if (weighted.contains(var.call())) {
        found.add(var.call());
      } else {
        for (int i = 0; i < var.call().inputCount(); i++) {
          if (var.call().input(i) != null) {
            open.push(var.call().input(i));
          }
        }
      }
    }
    if (found.size() != 1) {
      List<String> scopes = new ArrayList<>(found.stream().map(Call::scope).toList());
      throw new IllegalArgumentException(
          "neuron importance: %d layers make the output %s; name the final response layer"
              .formatted(found.size(), scopes));
    }
    return found.iterator().next();
  }

  /** Returns the weight of the classifier, or null where several layers or none read the value. */
  Parameter classifierWeight(Shape sampleShape) {
    Recording recording = Recording.ofShapes(model, sampleShape);
    Var value = in(recording);
    List<Parameter> readers = new ArrayList<>();
    recording
        .producers()
        .forEach(
            (position, weight) -> {
              if (recording.calls().get(position).input(0) == value) {
                readers.add(weight);
              }
            });
    return readers.size() == 1 ? readers.get(0) : null;
  }

  /**
   * Returns the features of samples, {@code [samples, features]}, F64.
   *
   * @param data the samples, in the order of epoch 0
   * @param most how many at most
   */
  public Tensor features(Batches data, int most) {
    List<double[]> rows = new ArrayList<>();
    Samples.each(data, most, x -> add(x, rows));
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("neuron importance: there are no samples");
    }
    Tensor features = Tensor.zeros(DType.F64, Shape.of(rows.size(), rows.get(0).length));
    for (int t = 0; t < rows.size(); t++) {
      for (int j = 0; j < rows.get(t).length; j++) {
        features.set(t * rows.get(t).length + j, rows.get(t)[j]);
      }
    }
    return features;
  }

  /** Returns the features of one batch, {@code [n, features]}, F64. */
  public Tensor features(Tensor x) {
    Tensor value = in(Recording.ofNumbers(model, x)).value();
    int n = value.shape().size(0);
    return value.to(DType.F64).reshape(Shape.of(n, value.count() / n));
  }

  private void add(Tensor x, List<double[]> rows) {
    Tensor features = features(x);
    int width = features.shape().size(1);
    double[] all = features.toDoubles();
    for (int t = 0; t < features.shape().size(0); t++) {
      rows.add(Arrays.copyOfRange(all, t * width, (t + 1) * width));
    }
  }

  /**
   * Returns the weighted reconstruction error {@code Σ_samples <s, |F - F'|>} that NISP minimises
   * (section 2.1).
   *
   * @param score s, one a feature
   * @param whole F, {@code [samples, features]}
   * @param pruned F', of the same shape
   */
  public static double weightedError(double[] score, Tensor whole, Tensor pruned) {
    if (!whole.shape().equals(pruned.shape()) || whole.shape().size(-1) != score.length) {
      throw new IllegalArgumentException(
          "weighted error: features %s and %s and %d scores do not fit"
              .formatted(whole.shape(), pruned.shape(), score.length));
    }
    double sum = 0;
    for (int e = 0; e < whole.count(); e++) {
      sum += score[e % score.length] * Math.abs(whole.get(e) - pruned.get(e));
    }
    return sum;
  }
}
