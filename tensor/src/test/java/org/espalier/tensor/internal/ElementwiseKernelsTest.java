package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compares functions of one and of two numbers. */
class ElementwiseKernelsTest extends KernelTwin {
  @ParameterizedTest
  @EnumSource(Unary.class)
  void unaryFunctionsAgree(Unary op) {
    for (int n : AWKWARD) {
      Tensor x = draw(n);
      for (int i = 0; i < n; i++) {
        double value = 4 * x.get(i);
        x.set(i, op.domain() == Unary.Domain.POSITIVE ? Math.abs(value) + 0.01 : value);
      }
      double a = op == Unary.HARD_TANH || op == Unary.CLAMP ? -0.7 : 1.3;
      twin(1, Shape.of(n), (k, y) -> k.unary(op, a, 1.1, x, y), x);
      Tensor y = dirty(n);
      REFERENCE.unary(op, a, 1.1, x, y);
      Tensor dy = draw(n);
      Tensor kept = op.derivativeFromOutput() ? null : x;
      Tensor keptOutput = op.derivativeFromOutput() ? y : null;
      twin(1, Shape.of(n), (k, dx) -> k.unaryGrad(op, a, 1.1, kept, keptOutput, dy, dx), x, dy);
    }
  }

  @ParameterizedTest
  @EnumSource(Unary.class)
  void unaryFunctionsKeepNaNAndInfinitiesLikeTheirDefinition(Unary op) {
    double[] special = {
      Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, 200, -200
    };
    for (int n : new int[] {6, 40}) {
      Tensor x = Tensor.zeros(n);
      for (int i = 0; i < n; i++) {
        x.set(i, special[i % 6]);
      }
      Tensor y = dirty(n);
      kernels().unary(op, 0.5, 0.75, x, y);
      for (int i = 0; i < n; i++) {
        float expected = (float) op.value(x.get(i), 0.5, 0.75);
        double tolerance = Float.isFinite(expected) ? 1e-6 * Math.abs(expected) + 1e-30 : 1e-30;
        assertEquals(expected, y.get(i), tolerance, op + " at " + x.get(i));
      }
    }
  }

  @Test
  void unaryFunctionsMayWriteOverTheirInput() {
    Tensor x = draw(207);
    Tensor expected = dirty(207);
    kernels().unary(Unary.TANH, 0, 0, x, expected);
    kernels().unary(Unary.TANH, 0, 0, x, x);
    assertTrue(expected.bitEquals(x));
  }

  @ParameterizedTest
  @EnumSource(Binary.class)
  void binaryFunctionsAgreeWithAndWithoutBroadcasting(Binary op) {
    for (int n : AWKWARD) {
      Tensor x = draw(n);
      Tensor y = draw(n);
      twin(1, Shape.of(n), (k, out) -> k.binary(op, x, y, Span.equal(x.shape()), out), x, y);
    }
    for (Span span : spans()) {
      Tensor x = draw(span.outer(), span.middle(), span.inner());
      Tensor y = draw(span.outer(), span.inner());
      twin(1, x.shape(), (k, out) -> k.binary(op, x, y, span, out), x, y);
      Tensor shared = x.copy();
      Tensor fresh = dirty(span.count());
      kernels().binary(op, x, y, span, fresh);
      kernels().binary(op, shared, y, span, shared);
      assertTrue(shared.reshape(span.count()).bitEquals(fresh));
    }
  }

  @Test
  void scaledSumsAgree() {
    for (int n : AWKWARD) {
      Tensor x = draw(n);
      Tensor y = draw(n);
      twin(
          1,
          Shape.of(n),
          (k, out) -> {
            out.copyFrom(y);
            k.addScaled(-0.3, x, out);
          },
          x,
          y);
    }
  }
}
