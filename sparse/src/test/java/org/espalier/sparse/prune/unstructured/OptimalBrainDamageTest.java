package org.espalier.sparse.prune.unstructured;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.nn.Batch;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.nn.loss.Mse;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class OptimalBrainDamageTest {
  private static Tensor noise(long seed, int... sizes) {
    Tensor tensor = Tensor.zeros(DType.F64, Shape.of(sizes));
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, Random.of(seed).normal(i));
    }
    return tensor;
  }

  private static Linear layer(int in, int out) {
    Linear layer = new Linear(in, out, false);
    layer.initialize(2);
    layer.convert(DType.F64);
    return layer;
  }

  private static double loss(Linear layer, Loss loss, Batch batch) {
    try (Pass pass = Pass.study()) {
      Var y = layer.apply(pass, pass.input(batch.x()));
      return loss.of(pass, y, batch.y()).value().item();
    }
  }

  @Test
  void theSaliencyOfAQuadraticAtItsMinimumIsTheTrueIncrease() {
    Linear layer = layer(4, 3);
    Tensor x = noise(5, 6, 4);
    Batch batch;
    try (Pass pass = Pass.study()) {
      // The targets are what the layer says: it stands at the minimum.
      batch = new Batch(x, layer.apply(pass, pass.input(x)).value().copy());
    }
    Mse loss = new Mse();
    List<Parameter> weights = List.of(layer.weight());
    Map<Parameter, Tensor> saliencies =
        OptimalBrainDamage.saliencies(OptimalBrainDamage.exact(layer, loss, batch, weights));
    double before = loss(layer, loss, batch);
    for (int i = 0; i < 12; i++) {
      int at = i;
      double w = layer.weight().raw().get(i);
      layer.weight().update(raw -> raw.set(at, 0));
      double increase = loss(layer, loss, batch) - before;
      layer.weight().update(raw -> raw.set(at, w));
      assertEquals(increase, saliencies.get(layer.weight()).get(i), 1e-5);
    }
    OptimalBrainDamage.prune(saliencies, 0.5);
    int zeros = 0;
    for (double w : layer.weight().value().toDoubles()) {
      zeros += w == 0 ? 1 : 0;
    }
    assertEquals(6, zeros);
  }

  @Test
  void gaussNewtonIsTheHessianOfALinearModelAndFisherIsPositive() {
    Linear layer = layer(3, 4);
    Batch batch = new Batch(noise(7, 5, 3), Tensor.indices(0, 3, 2, 1, 0));
    List<Parameter> weights = List.of(layer.weight());
    CrossEntropy loss = new CrossEntropy();
    Tensor exact = OptimalBrainDamage.exact(layer, loss, batch, weights).get(layer.weight());
    Tensor gauss = OptimalBrainDamage.gaussNewton(layer, batch.x(), weights).get(layer.weight());
    Tensor fisher = OptimalBrainDamage.fisher(layer, loss, batch, weights).get(layer.weight());
    for (int i = 0; i < exact.count(); i++) {
      assertEquals(exact.get(i), gauss.get(i), 1e-6);
      assertTrue(fisher.get(i) > 0);
    }
  }

  @Test
  void variationalDivergenceFallsWithTheNoiseAndCarriesGradients() {
    try (Pass pass = Pass.study()) {
      Var theta = pass.inputWithGradient(noise(3, 2, 3));
      Var logVariance = pass.inputWithGradient(noise(4, 2, 3));
      Var kl =
          SparseVariationalDropout.divergence(
              SparseVariationalDropout.logAlpha(theta, logVariance));
      var gradients = org.espalier.autograd.Walk.gradient(SparseVariationalDropout.sum(kl));
      for (int i = 0; i < 6; i++) {
        assertTrue(kl.value().get(i) >= 0);
        assertTrue(gradients.of(logVariance).get(i) < 0, "more noise, less divergence");
      }
    }
  }
}
