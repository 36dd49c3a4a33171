package org.espalier.sparse.prune.rls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.optim.InverseAutocorrelation;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;
import org.junit.jupiter.api.Test;

class InputRemovalTest {
  private static Tensor normal(java.util.Random random, int... sizes) {
    Tensor tensor = Tensor.zeros(DType.F64, Shape.of(sizes));
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, random.nextGaussian());
    }
    return tensor;
  }

  /**
   * The objective {@code tr((W - W₀)ᵀ P⁻¹ (W - W₀))/2} rises by the joint score when the inputs go
   * and the others make up for them, and by no less however else they are moved.
   */
  @Property(tries = 20)
  void compensationReachesTheLeastRise(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 3) int gone) {
    java.util.Random random = new java.util.Random(seed);
    int inputs = 4;
    int size = inputs + 1;
    Tensor a = normal(random, size, size);
    Tensor p = Tensor.zeros(DType.F64, Shape.of(1, size, size));
    for (int i = 0; i < size * size; i++) {
      double sum = i / size == i % size ? 1 : 0;
      for (int k = 0; k < size; k++) {
        sum += a.get(i / size * size + k) * a.get(i % size * size + k);
      }
      p.set(i, sum);
    }
    Parameter weight = Parameter.trainable("w", normal(random, 2, inputs));
    Parameter bias = Parameter.trainable("b", normal(random, 2));
    InverseAutocorrelation.attach(weight, p);
    Indices keep = Indices.where(inputs, i -> i >= gone);
    Tensor before = weight.raw().copy();
    Tensor biasBefore = bias.raw().copy();
    double least = InputRemoval.objectiveIncrease(weight, keep);
    InputRemoval.compensate(weight, bias, keep);
    Tensor inverse = Cholesky.of(p.reshape(size, size)).inverse();
    double rise = rise(inverse, before, biasBefore, weight.raw(), bias.raw(), gone);
    assertEquals(least, rise, 1e-6 * (1 + least));
    Tensor moved = normal(random, 2, inputs);
    for (int i = 0; i < moved.count(); i++) {
      moved.set(i, weight.raw().get(i) + 0.1 * moved.get(i));
    }
    assertTrue(rise(inverse, before, biasBefore, moved, bias.raw(), gone) >= least - 1e-9);
  }

  private static double rise(
      Tensor inverse, Tensor before, Tensor biasBefore, Tensor after, Tensor biasAfter, int gone) {
    int inputs = before.shape().size(1);
    double sum = 0;
    for (int o = 0; o < 2; o++) {
      double[] change = new double[inputs + 1];
      for (int i = 0; i < inputs; i++) {
        double now = i < gone ? 0 : after.get(o * inputs + i);
        change[i] = now - before.get(o * inputs + i);
      }
      change[inputs] = biasAfter.get(o) - biasBefore.get(o);
      for (int i = 0; i <= inputs; i++) {
        for (int j = 0; j <= inputs; j++) {
          sum += change[i] * change[j] * inverse.get(i * (inputs + 1) + j) / 2;
        }
      }
    }
    return sum;
  }

  @Test
  void keepingAllInputsChangesNothing() {
    Parameter weight = Parameter.trainable("w", Tensor.of(Shape.of(1, 2), 1.0, 2.0));
    InverseAutocorrelation.attach(weight, Tensor.of(Shape.of(1, 2, 2), 2.0, 1.0, 1.0, 2.0));
    InputRemoval.compensate(weight, null, Indices.all(2));
    assertTrue(weight.raw().bitEquals(Tensor.of(Shape.of(1, 2), 1.0, 2.0)));
    InputRemoval.compensate(weight, null, Indices.of(2, 1));
    assertEquals(2 - 0.5, weight.raw().get(1), 1e-12);
  }
}
