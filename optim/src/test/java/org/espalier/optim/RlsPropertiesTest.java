package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.linalg.Cholesky;

/** Checks what must hold of recursive least squares whatever the numbers (section 6). */
class RlsPropertiesTest {
  private static Linear linear(long seed, int in, int out, boolean bias, DType dtype) {
    Linear layer = new Linear(in, out, bias);
    layer.initialize(seed).convert(dtype);
    return layer;
  }

  private static Tensor p(Linear layer) {
    return InverseAutocorrelation.of(layer.weight()).matrix(0);
  }

  @Property(tries = 5)
  void theMatrixStaysSymmetricAndDefinite(
      @ForAll @IntRange(min = 1, max = 12) int in,
      @ForAll long seed,
      @ForAll @DoubleRange(min = 0.01, max = 2) double averageScale) {
    Linear layer = linear(seed, in, 2, true, DType.F32);
    Rls rls = Rls.builder().averageScale(averageScale).build();
    double trace = in + 1;
    for (int step = 0; step < 1000; step++) {
      Tensor x = RlsRun.normal(seed + step, DType.F32, 3, in);
      RlsRun.step(rls, layer, x, RlsRun.normal(seed - step, DType.F32, 3, 2));
      if (step % 100 == 0) {
        double now = InverseAutocorrelation.of(layer.weight()).trace(0);
        assertTrue(now <= trace * (1 + 1e-6), "a trace that never grows: " + trace + ", " + now);
        trace = now;
      }
    }
    Tensor matrix = p(layer);
    double largest = 0;
    double uneven = 0;
    for (int i = 0; i < in + 1; i++) {
      for (int j = 0; j < in + 1; j++) {
        double value = matrix.get(i * (in + 1) + j);
        largest = Math.max(largest, Math.abs(value));
        uneven = Math.max(uneven, Math.abs(value - matrix.get(j * (in + 1) + i)));
      }
    }
    assertTrue(uneven <= 1e-5 * largest, uneven + " of " + largest);
    Cholesky.of(matrix);
  }

  /** With one sample, k = η = 1 and half squared errors, the recursion is least squares. */
  @Property(tries = 20)
  void theRecursionEqualsTheClosedForm(
      @ForAll @IntRange(min = 1, max = 6) int in,
      @ForAll @IntRange(min = 1, max = 12) int steps,
      @ForAll @DoubleRange(min = 0.8, max = 1) double forgetting,
      @ForAll long seed) {
    int out = 2;
    Linear layer = linear(seed, in, out, false, DType.F64);
    Tensor start = layer.weight().raw().copy();
    Rls rls = Rls.builder().averageScale(1).forgettingFactor(forgetting).build();
    Tensor a = identity(in);
    Tensor b = Tensor.zeros(DType.F64, org.espalier.tensor.Shape.of(in, out));
    for (int i = 0; i < b.count(); i++) {
      b.set(i, start.get(i % out * in + i / out));
    }
    for (int step = 0; step < steps; step++) {
      Tensor x = RlsRun.normal(seed + step, DType.F64, 1, in);
      Tensor z = RlsRun.normal(~seed + step, DType.F64, 1, out);
      Tensor error = Tensor.zeros(DType.F64, z.shape());
      for (int o = 0; o < out; o++) {
        double y = 0;
        for (int i = 0; i < in; i++) {
          y += layer.weight().raw().get(o * in + i) * x.get(i);
        }
        error.set(o, y - z.get(o));
      }
      RlsRun.step(rls, layer, x, error);
      for (int i = 0; i < in; i++) {
        for (int j = 0; j < in; j++) {
          a.set(i * in + j, forgetting * a.get(i * in + j) + x.get(i) * x.get(j));
        }
        for (int o = 0; o < out; o++) {
          b.set(i * out + o, forgetting * b.get(i * out + o) + x.get(i) * z.get(o));
        }
      }
    }
    Cholesky factor = Cholesky.of(a);
    assertEquals(0, RlsRun.difference(factor.inverse(), p(layer)), 1e-4);
    Tensor solved = factor.solve(b);
    for (int i = 0; i < b.count(); i++) {
      assertEquals(solved.get(i), layer.weight().raw().get(i % out * in + i / out), 1e-4);
    }
  }

  private static Tensor identity(int size) {
    Tensor a = Tensor.zeros(DType.F64, org.espalier.tensor.Shape.of(size, size));
    for (int i = 0; i < size; i++) {
      a.set(i * size + i, 1);
    }
    return a;
  }

  /** {@code P (λ P_old⁻¹ + k x̄ x̄ᵀ) = I}, and {@code P x̄ = P_old x̄ / h}. */
  @Property(tries = 20)
  void oneStepInvertsTheUpdatedAutocorrelation(
      @ForAll @IntRange(min = 1, max = 8) int in,
      @ForAll @DoubleRange(min = 0.9, max = 1) double forgetting,
      @ForAll @DoubleRange(min = 0.01, max = 2) double averageScale,
      @ForAll long seed) {
    Linear layer = linear(seed, in, 2, true, DType.F64);
    Rls rls = Rls.builder().averageScale(averageScale).forgettingFactor(forgetting).build();
    Tensor dy = RlsRun.normal(seed, DType.F64, 4, 2);
    RlsRun.step(rls, layer, RlsRun.normal(seed + 1, DType.F64, 4, in), dy);
    InverseAutocorrelation live = InverseAutocorrelation.of(layer.weight());
    Tensor inverse = Cholesky.of(live.matrix(0)).inverse();
    Tensor old = live.matrix(0);
    Tensor x = RlsRun.normal(seed + 2, DType.F64, 4, in);
    double[] mean = RlsRun.step(rls, layer, x, dy).get(0).toDoubles();
    int n = in + 1;
    Tensor now = live.matrix(0);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) {
          double updated = forgetting * inverse.get(k * n + j) + averageScale * mean[k] * mean[j];
          sum += now.get(i * n + k) * updated;
        }
        assertEquals(i == j ? 1 : 0, sum, 1e-4);
      }
    }
    double h = forgetting;
    double[] u = times(old, mean);
    for (int i = 0; i < n; i++) {
      h += averageScale * mean[i] * u[i];
    }
    double[] gain = live.gain(0, mean);
    for (int i = 0; i < n; i++) {
      assertEquals(u[i] / h, gain[i], 1e-5);
    }
  }

  private static double[] times(Tensor p, double... x) {
    double[] product = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      for (int j = 0; j < x.length; j++) {
        product[i] += p.get(i * x.length + j) * x[j];
      }
    }
    return product;
  }

  @Property(tries = 10)
  void withoutMemoryOfInputsItIsGradientDescent(
      @ForAll long seed, @ForAll @DoubleRange(min = 0, max = 0.9) double momentum) {
    Linear ours = linear(seed, 5, 3, true, DType.F32);
    Linear sgd = linear(seed, 5, 3, true, DType.F32);
    Rls rls = Rls.builder().averageScale(1e-12).gradientScale(0.1).momentum(momentum).build();
    Optimizer plain = Sgd.builder().rate(0.1).momentum(momentum).build();
    for (int step = 0; step < 3; step++) {
      Tensor x = RlsRun.normal(seed + step, DType.F32, 4, 5);
      Tensor dy = RlsRun.normal(seed - step, DType.F32, 4, 3);
      RlsRun.step(rls, ours, x, dy);
      RlsRun.step(plain, sgd, x, dy);
    }
    assertEquals(0, RlsRun.difference(sgd.weight().raw(), ours.weight().raw()), 2e-6);
    assertEquals(0, RlsRun.difference(sgd.bias().raw(), ours.bias().raw()), 2e-6);
  }

  /** The reference kernels sum both in one order. */
  @Property(tries = 10)
  void aPointwiseConvolutionOfOnePixelIsALinearLayer(@ForAll long seed) {
    Linear linear = linear(seed, 5, 3, true, DType.F64);
    Conv2d conv = new Conv2d(5, 3, ConvConfig.kernel(1).withBias(true));
    conv.initialize(seed).convert(DType.F64);
    conv.weight().set(linear.weight().raw().reshape(3, 1, 1, 5));
    conv.bias().set(linear.bias().raw());
    Rls rls = Rls.builder().momentum(0.5).build();
    for (int step = 0; step < 3; step++) {
      Tensor x = RlsRun.normal(seed + step, DType.F64, 4, 5);
      Tensor dy = RlsRun.normal(seed - step, DType.F64, 4, 3);
      RlsRun.step(rls, linear, x, dy);
      RlsRun.step(rls, conv, x.reshape(4, 1, 1, 5), dy.reshape(4, 1, 1, 3));
    }
    assertTrue(linear.weight().raw().bitEquals(conv.weight().raw().reshape(3, 5)));
    assertTrue(linear.bias().raw().bitEquals(conv.bias().raw()));
    assertTrue(p(linear).bitEquals(InverseAutocorrelation.of(conv.weight()).matrix(0)));
  }

  @Property(tries = 10)
  void permutedInputsPermuteWeightAndMatrix(@ForAll long seed) {
    int[] order = {3, 0, 4, 1, 2};
    Linear plain = linear(seed, 5, 3, true, DType.F64);
    Linear turned = linear(seed, 5, 3, true, DType.F64);
    turned.weight().set(columns(plain.weight().raw(), order));
    turned.bias().set(plain.bias().raw());
    Rls rls = Rls.builder().build();
    for (int step = 0; step < 3; step++) {
      Tensor x = RlsRun.normal(seed + step, DType.F64, 4, 5);
      Tensor dy = RlsRun.normal(seed - step, DType.F64, 4, 3);
      RlsRun.step(rls, plain, x, dy);
      RlsRun.step(rls, turned, columns(x, order), dy);
    }
    assertEquals(
        0, RlsRun.difference(columns(plain.weight().raw(), order), turned.weight().raw()), 1e-12);
    for (int i = 0; i < 5; i++) {
      for (int j = 0; j < 5; j++) {
        assertEquals(p(plain).get(order[i] * 6 + order[j]), p(turned).get(i * 6 + j), 1e-12);
      }
    }
  }

  private static Tensor columns(Tensor matrix, int... order) {
    Tensor permuted = Tensor.zeros(matrix.dtype(), matrix.shape());
    for (int i = 0; i < matrix.count(); i++) {
      permuted.set(i, matrix.get(i / order.length * order.length + order[i % order.length]));
    }
    return permuted;
  }
}
