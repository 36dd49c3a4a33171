package org.espalier.sparse.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class CsrTest {
  @Property(tries = 50)
  void theNumberOfConnectionsIsThatOfTheStoredValues(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 6) int out,
      @ForAll @IntRange(min = 1, max = 6) int in) {
    Random random = Random.of(seed);
    Tensor v = Tensor.zeros(DType.F32, Shape.of(out, 3, in));
    Tensor m = Tensor.zeros(DType.F32, v.shape());
    for (int i = 0; i < v.count(); i++) {
      v.set(i, 1 + random.uniform(2L * i));
      m.set(i, random.normal(2L * i + 1));
    }
    Parameter weight = Parameter.trainable("w", v);
    LearnedMask mask = new LearnedMask(m, StraightThrough.IDENTITY);
    weight.attach(mask);
    Csr csr = Csr.of(weight.value());
    assertEquals(mask.active(), csr.nonZeros());
    assertEquals(csr.nonZeros(), Csr.of(mask.mask()).nonZeros());
    assertTrue(csr.dense().bitEquals(weight.value()));
    float[] x = new float[3 * in];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.normal(1000 + i);
    }
    float[] y = csr.times(x);
    for (int row = 0; row < out; row++) {
      double sum = 0;
      for (int i = 0; i < x.length; i++) {
        sum += weight.value().get(row * x.length + i) * x[i];
      }
      assertEquals(sum, y[row], 1e-4);
    }
  }

  @Test
  void sparseFormIsWorthwhileBelowItsDensityOnly() {
    Tensor three = Tensor.zeros(2, 5);
    three.set(0, 1);
    three.set(4, 1);
    assertTrue(Csr.of(three).isWorthwhile());
    assertEquals(4 * (2 + 2 + 3), Csr.of(three).bytes());
    three.set(9, 1);
    assertTrue(!Csr.of(three).isWorthwhile());
    assertThrows(IllegalArgumentException.class, () -> Csr.of(three).times(1f));
  }
}
