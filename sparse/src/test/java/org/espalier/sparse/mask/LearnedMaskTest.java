package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class LearnedMaskTest {
  private static Tensor noise(long seed, DType dtype, int... sizes) {
    Tensor tensor = Tensor.zeros(dtype, Shape.of(sizes));
    Random random = Random.of(seed);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.normal(i));
    }
    return tensor;
  }

  private static Linear layer(long seed, int in, int out, DType dtype, StraightThrough proxy) {
    Linear layer = new Linear(in, out);
    layer.initialize(seed);
    layer.weight().attach(new LearnedMask(noise(seed + 1, DType.F32, out, in), proxy));
    layer.convert(dtype);
    return layer;
  }

  private static Gradients gradients(Linear layer, Tensor x, Tensor dy) {
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      return Walk.run(layer.apply(pass, pass.input(x)), dy, Rule.GRADIENT).copy();
    }
  }

  @Property(tries = 50)
  void theForwardValueIsTheHardStepAndTheLayerRunsOnIt(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 9) int in) {
    Linear layer = layer(seed, in, 3, DType.F32, StraightThrough.IDENTITY);
    LearnedMask mask = LearnedMask.on(layer.weight());
    Tensor v = layer.weight().raw();
    Tensor w = layer.weight().value();
    for (int i = 0; i < w.count(); i++) {
      float expected = mask.score().raw().get(i) > 0 ? (float) v.get(i) : 0;
      assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(w.f32()[i]));
    }
    Linear dense = new Linear(in, 3);
    dense.weight().restore(w.copy());
    dense.bias().restore(layer.bias().raw().copy());
    Tensor x = noise(seed + 2, DType.F32, 2, in);
    try (Pass pass = Pass.study()) {
      Var masked = layer.apply(pass, pass.input(x));
      assertTrue(masked.value().bitEquals(dense.apply(pass, pass.input(x)).value()));
    }
  }

  @Property(tries = 50)
  void aDroppedConnectionFeelsItsGradientButItsWeightDoesNot(@ForAll long seed) {
    Linear layer = layer(seed, 5, 4, DType.F32, StraightThrough.SOFTPLUS);
    LearnedMask mask = LearnedMask.on(layer.weight());
    Gradients gradients =
        gradients(layer, noise(seed + 2, DType.F32, 3, 5), noise(seed + 3, DType.F32, 3, 4));
    Tensor dv = gradients.of(layer.weight());
    Tensor dm = gradients.of(mask.score());
    Tensor dw = gradients.ofKey(new Pass.EffectiveValue(layer.weight()));
    for (int i = 0; i < dv.count(); i++) {
      double m = mask.score().raw().get(i);
      double g = dw.get(i);
      assertEquals(m > 0 ? g : 0, dv.get(i));
      double product = g * layer.weight().raw().get(i);
      assertEquals(
          product * StraightThrough.SOFTPLUS.derivative(m), dm.get(i), 1e-5 * Math.abs(product));
      assertEquals(product != 0, dm.get(i) != 0);
    }
  }

  @Test
  void theWeightsGradientAgreesWithDifferences() {
    Linear layer = layer(7, 6, 4, DType.F64, StraightThrough.IDENTITY);
    LearnedMask mask = LearnedMask.on(layer.weight());
    Tensor x = noise(9, DType.F64, 3, 6);
    Tensor dy = noise(10, DType.F64, 3, 4);
    Tensor dv = gradients(layer, x, dy).of(layer.weight());
    double largest = 0;
    for (double d : dv.toDoubles()) {
      largest = Math.max(largest, Math.abs(d));
    }
    for (int i = 0; i < dv.count(); i++) {
      if (mask.score().raw().get(i) > 0) {
        double slope = (shifted(layer, i, 1e-3, x, dy) - shifted(layer, i, -1e-3, x, dy)) / 2e-3;
        assertEquals(slope, dv.get(i), 1e-3 * largest);
      }
    }
  }

  private static double shifted(Linear layer, int i, double by, Tensor x, Tensor dy) {
    double before = layer.weight().raw().get(i);
    layer.weight().update(raw -> raw.set(i, before + by));
    double sum = 0;
    try (Pass pass = Pass.study()) {
      double[] y = layer.apply(pass, pass.input(x)).value().toDoubles();
      for (int e = 0; e < y.length; e++) {
        sum += y[e] * dy.get(e);
      }
    }
    layer.weight().update(raw -> raw.set(i, before));
    return sum;
  }

  @Test
  void scoresOfAnotherShapeAreRefusedWithBothShapes() {
    Linear layer = new Linear(3, 2);
    layer.initialize(1);
    Exception refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                layer
                    .weight()
                    .attach(new LearnedMask(Tensor.zeros(3, 2), StraightThrough.IDENTITY)));
    assertTrue(
        refused.getMessage().contains("[3, 2]") && refused.getMessage().contains("[2, 3]"),
        refused.getMessage());
    assertEquals(0, layer.weight().parametrizations().size());
  }

  @Test
  void scoresAreCutWithTheirWeight() {
    Linear layer = new Linear(3, 2);
    layer.initialize(1);
    layer.weight().set(Tensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f));
    Tensor scores = Tensor.of(Shape.of(2, 3), 1f, -1f, 0f, 1f, 1f, -1f);
    layer.weight().attach(new LearnedMask(scores, StraightThrough.IDENTITY));
    layer.weight().cut(1, Indices.of(3, 0, 1));
    assertArrayEquals(new double[] {1, 0, 4, 5}, layer.weight().value().toDoubles());
    assertEquals(3, LearnedMask.on(layer.weight()).active());
  }

  @Test
  void aSnapshotKeepsScoresAndEstimator() {
    Module model = layer(4, 5, 3, DType.F32, StraightThrough.leakyRelu(0.25));
    Module again = Snapshot.of(model, java.util.Map.of()).build();
    LearnedMask mask = LearnedMask.on(again.parameter("weight"));
    assertEquals(StraightThrough.leakyRelu(0.25), mask.proxy());
    assertTrue(
        mask.score().raw().bitEquals(LearnedMask.on(model.parameter("weight")).score().raw()));
    assertTrue(again.parameter("weight").value().bitEquals(model.parameter("weight").value()));
    assertTrue(again.parameters().stream().anyMatch(LearnedMask::isScore));
    Parameter bias = again.parameter("bias");
    assertTrue(!LearnedMask.isScore(bias));
  }
}
