package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

class FixedMaskTest {
  private static final Tensor MASK = Tensor.of(Shape.of(2, 3), 1f, 0f, 1f, 0f, 1f, 1f);

  private static Linear masked() {
    Linear linear = new Linear(3, 2);
    linear.initialize(1);
    linear.weight().set(Tensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f));
    linear.weight().attach(new FixedMask(MASK));
    return linear;
  }

  @Test
  void layersSeeTheProductAndRawKeepsItsNumbers() {
    Parameter weight = masked().weight();
    assertArrayEquals(new double[] {1, 0, 3, 0, 5, 6}, weight.value().toDoubles());
    assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, weight.raw().toDoubles());
  }

  @Test
  void noGradientReachesMaskedNumbers() {
    Linear linear = masked();
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Var y =
          linear.apply(
              pass, pass.input(Tensor.full(org.espalier.tensor.DType.F32, Shape.of(1, 3), 1)));
      Gradients gradients = Walk.run(y, Tensor.full(y.dtype(), y.shape(), 1), Rule.GRADIENT);
      assertArrayEquals(MASK.toDoubles(), gradients.of(linear.weight()).toDoubles());
    }
  }

  @Test
  void theMaskIsCutWithItsWeight() {
    Parameter weight = masked().weight();
    weight.cut(1, Indices.of(3, 0, 1));
    assertArrayEquals(new double[] {1, 0, 0, 5}, weight.value().toDoubles());
    weight.cut(0, Indices.of(2, 1));
    assertArrayEquals(new double[] {0, 5}, weight.value().toDoubles());
  }

  @Test
  void aMaskedModelLoadsAgainFromItsSpec() {
    Module model = masked();
    Module again =
        ModuleTypes.build(
            model.spec(),
            path -> {
              Parameter parameter = model.state().get(path);
              return parameter == null ? null : parameter.shape();
            });
    assertTrue(model.state().containsKey("weight.fixed_mask.mask"));
    model.state().forEach((path, p) -> again.parameter(path).restore(p.raw()));
    assertEquals(model.spec(), again.spec());
    assertArrayEquals(
        model.parameter("weight").value().toDoubles(),
        again.parameter("weight").value().toDoubles());
    assertNotEquals(0, again.parameter("weight").parametrizations().size());
  }

  @Test
  void foldingBakesTheZeroesIn() {
    Parameter weight = masked().weight();
    weight.fold();
    assertArrayEquals(new double[] {1, 0, 3, 0, 5, 6}, weight.raw().toDoubles());
  }
}
