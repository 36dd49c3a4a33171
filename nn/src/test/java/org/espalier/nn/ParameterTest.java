package org.espalier.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Ops;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Reduction;
import org.junit.jupiter.api.Test;

class ParameterTest {
  /** Scales by a trained factor a column; its right inverse divides. */
  private static final class ColumnScale implements Parametrization {
    private final Parameter factor;

    ColumnScale(float... factors) {
      factor = Parameter.trainable("factor", Tensor.of(Shape.of(factors.length), factors));
    }

    @Override
    public Var apply(Pass pass, Var raw) {
      return Ops.scale(raw, pass.value(factor), null);
    }

    @Override
    public Tensor assign(Tensor value) {
      Tensor raw = value.copy();
      for (int i = 0; i < raw.count(); i++) {
        raw.set(i, raw.get(i) / factor.raw().get(i % factor.raw().count()));
      }
      return raw;
    }

    @Override
    public Map<String, Parameter> parameters() {
      return Map.of("factor", factor);
    }

    @Override
    public void cut(int axis, Indices keep) {
      if (axis == 1) {
        factor.cut(0, keep);
      }
    }

    @Override
    public Spec spec() {
      return Spec.of("column_scale");
    }
  }

  private static Parameter matrix() {
    return Parameter.trainable("w", Tensor.of(Shape.of(2, 2), 1f, 2, 3, 4));
  }

  @Test
  void everyChangeRaisesTheVersionAndReachesTheValue() {
    Parameter w = matrix();
    long before = w.version();
    Tensor value = w.value();
    assertSame(value, w.value(), "the value is kept while nothing changes");
    w.update(raw -> raw.set(0, 7));
    assertTrue(w.version() > before);
    assertEquals(7, w.value().get(0));
    w.set(Tensor.of(Shape.of(2, 2), 5f, 6, 7, 8));
    assertEquals(5, w.value().get(0));
    assertThrows(ShapeException.class, () -> w.set(Tensor.zeros(3)));
    assertThrows(ShapeException.class, () -> w.restore(Tensor.zeros(3)));
  }

  @Test
  void setCopiesItsValue() {
    Parameter w = matrix();
    Tensor value = Tensor.zeros(2, 2);
    w.set(value);
    assertNotSame(value, w.raw());
    value.set(0, 9);
    assertEquals(0, w.raw().get(0));
  }

  @Test
  void attachingKeepsTheEffectiveValueAndSettingGoesThroughTheInverse() {
    Parameter w = matrix();
    ColumnScale scale = new ColumnScale(2, 4);
    w.attach(scale);
    Values.assertSame(Tensor.of(Shape.of(2, 2), 0.5f, 0.5f, 1.5f, 1), w.raw());
    Values.assertSame(Tensor.of(Shape.of(2, 2), 1f, 2, 3, 4), w.value());
    long before = w.version();
    scale.factor.update(factor -> factor.set(0, 4));
    assertTrue(w.version() > before, "own parameters count");
    Values.assertSame(Tensor.of(Shape.of(2, 2), 2f, 2, 6, 4), w.value());
    w.set(Tensor.of(Shape.of(2, 2), 8f, 8, 8, 8));
    Values.assertSame(Tensor.of(Shape.of(2, 2), 2f, 2, 2, 2), w.raw());
    w.fold();
    assertTrue(w.parametrizations().isEmpty());
    Values.assertSame(Tensor.of(Shape.of(2, 2), 8f, 8, 8, 8), w.raw());
  }

  @Test
  void gradientsReachRawValueOwnParametersAndEffectiveValue() {
    Parameter w = matrix();
    ColumnScale scale = new ColumnScale(2, 4);
    w.attach(scale);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var value = pass.value(w);
      assertSame(value, pass.value(w), "made once a pass");
      Gradients gradients = Walk.gradient(Ops.reduce(Reduction.SUM, value, "a b ->"));
      Values.assertSame(Tensor.of(Shape.of(2, 2), 2f, 4, 2, 4), gradients.of(w));
      Values.assertSame(Tensor.of(Shape.of(2), 2f, 1.5f), gradients.of(scale.factor));
      Values.assertSame(
          Tensor.of(Shape.of(2, 2), 1f, 1, 1, 1), gradients.ofKey(new Pass.EffectiveValue(w)));
    }
  }

  @Test
  void aParametrizationThatChangesTheShapeIsRefused() {
    Parameter w = matrix();
    Parametrization flat =
        new Parametrization() {
          @Override
          public Var apply(Pass pass, Var raw) {
            return Ops.reduce(Reduction.SUM, raw, "a b -> a");
          }

          @Override
          public Spec spec() {
            return Spec.of("flat");
          }
        };
    assertThrows(ShapeException.class, () -> w.attach(flat));
    assertTrue(w.parametrizations().isEmpty());
  }

  @Test
  void cuttingTakesSlotsAndParametrizationsAlong() {
    Parameter w = matrix();
    ColumnScale scale = new ColumnScale(1, 10);
    w.attach(scale);
    w.slot("momentum").fill(3).set(3, 4);
    w.slot("step", () -> Tensor.scalar(7), null);
    w.slot(
        "counts",
        () -> Tensor.indices(5, 6),
        (tensor, axis, keep) -> axis == 1 ? Cuts.along(tensor, 0, keep) : tensor);
    w.cut(-1, Indices.of(2, 1));
    assertEquals(Shape.of(2, 1), w.shape());
    Values.assertClose(Tensor.of(Shape.of(2, 1), 2f, 4), w.value(), 1e-6);
    Values.assertSame(Tensor.of(Shape.of(2, 1), 3f, 4), w.slot("momentum"));
    assertEquals(7, w.slots().get("step").tensor().item());
    assertEquals(6, w.slots().get("counts").tensor().item());
    assertEquals(1, scale.factor.shape().count());
    assertThrows(IllegalArgumentException.class, () -> w.cut(0, Indices.of(3, 1)));
  }

  @Test
  void aPassOverOlderValuesIsRefused() {
    Parameter w = matrix();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var loss = Ops.reduce(Reduction.SUM, pass.value(w), "a b ->");
      w.update(raw -> raw.set(0, 0));
      StateException e = assertThrows(StateException.class, () -> Walk.gradient(loss));
      assertTrue(e.getMessage().startsWith("w was changed after this pass"), e.getMessage());
    }
  }

  @Test
  void buffersAndFrozenParametersGetNoGradient() {
    Parameter buffer = Parameter.buffer("mean", Tensor.zeros(2));
    assertFalse(buffer.isTrainable());
    buffer.setTrainable(true);
    assertFalse(buffer.isTrainable());
    Parameter w = matrix();
    w.setTrainable(false);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      assertFalse(pass.value(w).needsGradient());
    }
    assertFalse(Parameter.trainable("index", Tensor.indices(1)).isTrainable());
  }

  @Test
  void convertsToDoubleWithItsSlots() {
    Parameter w = matrix();
    w.slot("momentum");
    w.slot("counts", () -> Tensor.indices(1), null);
    w.convert(DType.F64);
    assertEquals(DType.F64, w.raw().dtype());
    assertEquals(DType.F64, w.slot("momentum").dtype());
    assertEquals(DType.I32, w.slots().get("counts").tensor().dtype());
  }

  @Test
  void tinyNumbersAreZeroForInferenceButKeepTheirBitsInRaw() {
    Parameter w = Parameter.trainable("w", Tensor.of(Shape.of(2), 1e-35f, 1));
    assertEquals(0, w.value().get(0));
    assertEquals(1e-35f, w.raw().get(0));
  }

  @Test
  void aValueBeforeInitialisationIsRefusedWithTheWayOut() {
    Parameter w = new Parameter("w", DType.F32, Shape.of(2), Init.constant(3), false);
    StateException e = assertThrows(StateException.class, w::raw);
    assertTrue(e.getMessage().contains("initialize"), e.getMessage());
    w.initialize(Random.of(0));
    assertEquals(3, w.raw().get(1));
    w.update(raw -> raw.fill(5));
    w.initialize(Random.of(0));
    assertEquals(5, w.raw().get(1), "drawn once only");
  }

  @Test
  void replacedIndicesDropTheirSlots() {
    Parameter index = Parameter.buffer("index", Tensor.indices(0, 2));
    index.slot("old", () -> Tensor.indices(1), null);
    index.replace(Tensor.indices(1));
    assertEquals(Shape.of(1), index.shape());
    assertTrue(index.slots().isEmpty());
  }

  @Test
  void inferenceSeesEveryChangeThoughKernelsKeepPackedWeights() {
    Parameter weight = Parameter.trainable("weight", Tensor.of(Shape.of(1, 2), 3f, 4f));
    assertEquals(7, product(weight));
    assertEquals(7, product(weight));
    assertSame(weight.value(), weight.value());
    weight.update(raw -> raw.set(1, 10));
    assertEquals(13, product(weight));
  }

  private static double product(Parameter weight) {
    try (Pass pass = Pass.infer(new Workspace())) {
      Var ones = pass.input(Tensor.full(DType.F32, Shape.of(1, 2), 1));
      return Ops.linear(ones, pass.value(weight), null).value().item();
    }
  }
}
