package org.espalier.optim;

import static org.espalier.optim.GivenGradients.parameter;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.espalier.autograd.Gradients;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.junit.jupiter.api.Test;

class ClippingTest {
  private final Parameter p = parameter("p", DType.F32, 0, 0, 0);
  private final Parameter q = parameter("q", DType.F32, 0);

  private Gradients gradients() {
    return GivenGradients.of(Map.of(p, new double[] {2, -3, 0}, q, new double[] {6}));
  }

  @Test
  void theNormIsTakenOverAllTensorsTogether() {
    Gradients gradients = gradients();
    assertEquals(7, Clipping.byNorm(gradients, 3.5), 1e-12);
    assertArrayEquals(new double[] {1, -1.5, 0}, gradients.of(p).toDoubles(), 1e-6);
    assertEquals(3, gradients.of(q).item(), 1e-6);
  }

  @Test
  void otherNormsAreMeasured() {
    assertEquals(11, Clipping.norm(gradients(), 1), 1e-12);
    assertEquals(6, Clipping.norm(gradients(), Double.POSITIVE_INFINITY));
    assertEquals(Math.cbrt(8 + 27 + 216), Clipping.norm(gradients(), 3), 1e-12);
  }

  @Test
  void aSmallNormIsLeftAloneToTheBit() {
    Gradients gradients = gradients();
    Clipping.byNorm(gradients, 8);
    assertArrayEquals(new double[] {2, -3, 0}, gradients.of(p).toDoubles());
  }

  @Test
  void valuesAreClamped() {
    Gradients gradients = gradients();
    Clipping.byValue(gradients, 2.5);
    assertArrayEquals(new double[] {2, -2.5, 0}, gradients.of(p).toDoubles());
    assertEquals(2.5, gradients.of(q).item());
  }

  @Property
  void theNormAfterClippingIsAtMostTheBound(
      @ForAll @DoubleRange(min = -1e3, max = 1e3) double a,
      @ForAll @DoubleRange(min = -1e3, max = 1e3) double b,
      @ForAll @DoubleRange(min = 0.01, max = 1e3) double max) {
    Parameter wide = parameter("p", DType.F64, 0, 0);
    Gradients gradients = GivenGradients.of(wide, a, b);
    Clipping.byNorm(gradients, max);
    assertTrue(Clipping.norm(gradients, 2) <= max * (1 + 1e-12));
  }

  @Test
  void boundsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Clipping.byNorm(gradients(), 0));
    assertThrows(IllegalArgumentException.class, () -> Clipping.byValue(gradients(), Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> Clipping.norm(gradients(), 0.5));
  }
}
