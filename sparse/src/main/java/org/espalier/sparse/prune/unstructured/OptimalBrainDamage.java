package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.Loss;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Scores connections by what the loss would lose without them, to second order: {@code ½ · H_ii ·
 * w_i²} (LeCun, Denker and Solla, Optimal Brain Damage, NIPS 1989; resource-efficiency survey, P4).
 * One deletes the smallest, retrains, and repeats.
 *
 * <p>The diagonal of the Hessian comes from second derivatives (for small models in float64), from
 * the Gauss-Newton matrix of softmax and cross entropy, or as empirical Fisher information.
 */
public final class OptimalBrainDamage {
  private static final double STEP = 1e-4;

  private OptimalBrainDamage() {}

  /** Returns {@code ½ · h · w²} of each weight. */
  public static Map<Parameter, Tensor> saliencies(Map<Parameter, Tensor> diagonals) {
    Map<Parameter, Tensor> saliencies = new LinkedHashMap<>();
    diagonals.forEach(
        (weight, diagonal) -> {
          Tensor saliency = diagonal.copy();
          Tensor w = weight.value();
          for (int i = 0; i < saliency.count(); i++) {
            saliency.set(i, 0.5 * saliency.get(i) * w.get(i) * w.get(i));
          }
          saliencies.put(weight, saliency);
        });
    return saliencies;
  }

  /** Masks the connections of smallest saliency, ranked over all weights together. */
  public static void prune(Map<Parameter, Tensor> saliencies, double sparsity) {
    List<Parameter> weights = new ArrayList<>(saliencies.keySet());
    List<Tensor> masks = ConnectionMasks.global(List.copyOf(saliencies.values()), sparsity);
    for (int i = 0; i < masks.size(); i++) {
      ConnectionHold.set(weights.get(i), masks.get(i));
    }
  }

  /**
   * Returns the Hessian's diagonal by central differences of the gradient: two walks a number, for
   * small models converted to float64. The weights are put back to the bit.
   */
  public static Map<Parameter, Tensor> exact(
      Module model, Loss loss, Batch batch, Collection<Parameter> weights) {
    Map<Parameter, Tensor> diagonals = new LinkedHashMap<>();
    for (Parameter weight : weights) {
      Tensor diagonal = Tensor.zeros(weight.dtype(), weight.raw().shape());
      for (int i = 0; i < diagonal.count(); i++) {
        double before = weight.raw().get(i);
        double above = slope(model, loss, batch, weight, i, before + STEP);
        double below = slope(model, loss, batch, weight, i, before - STEP);
        int at = i;
        weight.update(raw -> raw.set(at, before));
        diagonal.set(i, (above - below) / (2 * STEP));
      }
      diagonals.put(weight, diagonal);
    }
    return diagonals;
  }

  private static double slope(
      Module model, Loss loss, Batch batch, Parameter weight, int i, double value) {
    weight.update(raw -> raw.set(i, value));
    try (Pass pass = Pass.study()) {
      Var output = model.apply(pass, pass.input(batch.x()));
      return Walk.gradient(loss.of(pass, output, batch.y())).of(weight).get(i);
    }
  }

  /**
   * Returns the diagonal of the Gauss-Newton matrix {@code Jᵀ·Hz·J} of mean softmax cross entropy:
   * per sample and class one walk, since {@code Hz = Σ p_k (e_k - p)(e_k - p)ᵀ}.
   *
   * @param x samples, batch first
   */
  public static Map<Parameter, Tensor> gaussNewton(
      Module model, Tensor x, Collection<Parameter> weights) {
    Map<Parameter, Tensor> sums = zeros(weights);
    int samples = x.shape().size(0);
    for (int n = 0; n < samples; n++) {
      try (Pass pass = Pass.study()) {
        Var logits = model.apply(pass, pass.input(sample(x, n)));
        double[] p = softmax(logits.value().toDoubles());
        for (int k = 0; k < p.length; k++) {
          Tensor seed = Tensor.zeros(logits.dtype(), logits.shape());
          for (int j = 0; j < p.length; j++) {
            seed.set(j, (j == k ? 1 : 0) - p[j]);
          }
          addSquares(sums, Walk.run(logits, seed, Rule.GRADIENT), p[k] / samples);
        }
      }
    }
    return sums;
  }

  /** Returns the empirical Fisher information: the mean of squared gradients of single samples. */
  public static Map<Parameter, Tensor> fisher(
      Module model, Loss loss, Batch batch, Collection<Parameter> weights) {
    Map<Parameter, Tensor> sums = zeros(weights);
    int samples = batch.size();
    for (int n = 0; n < samples; n++) {
      try (Pass pass = Pass.study()) {
        Var output = model.apply(pass, pass.input(sample(batch.x(), n)));
        Var value = loss.of(pass, output, sample(batch.y(), n));
        addSquares(sums, Walk.gradient(value), 1.0 / samples);
      }
    }
    return sums;
  }

  private static Map<Parameter, Tensor> zeros(Collection<Parameter> weights) {
    Map<Parameter, Tensor> zeros = new LinkedHashMap<>();
    weights.forEach(w -> zeros.put(w, Tensor.zeros(w.dtype(), w.raw().shape())));
    return zeros;
  }

  private static void addSquares(Map<Parameter, Tensor> sums, Gradients gradients, double factor) {
    sums.forEach(
        (weight, sum) -> {
          Tensor gradient = gradients.of(weight);
          for (int i = 0; gradient != null && i < sum.count(); i++) {
            sum.set(i, sum.get(i) + factor * gradient.get(i) * gradient.get(i));
          }
        });
  }

  private static Tensor sample(Tensor all, int n) {
    Shape one = all.shape().with(0, 1);
    Tensor sample = Tensor.zeros(all.dtype(), one);
    for (int i = 0; i < sample.count(); i++) {
      sample.set(i, all.get(n * sample.count() + i));
    }
    return sample;
  }

  private static double[] softmax(double... logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (double z : logits) {
      largest = Math.max(largest, z);
    }
    double sum = 0;
    double[] p = new double[logits.length];
    for (int k = 0; k < p.length; k++) {
      p[k] = Math.exp(logits[k] - largest);
      sum += p[k];
    }
    for (int k = 0; k < p.length; k++) {
      p[k] /= sum;
    }
    return p;
  }
}
