package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.BiConsumer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares a kernel set with the reference set on awkward sizes; subclasses say for which methods,
 * and run once for each set.
 *
 * <p>Outputs start as NaN, so that an element nobody writes shows; inputs must keep every bit.
 */
@ParameterizedClass
@EnumSource(KernelTwin.KernelSet.class)
abstract class KernelTwin {
  /** The sets under test. */
  enum KernelSet {
    SCALAR,
    VECTOR;

    Kernels kernels() {
      if (this == SCALAR) {
        return new ScalarKernels();
      }
      VectorAssumptions.vectorModule();
      return KernelLookup.named("vector");
    }
  }

  static final int[] AWKWARD = {1, 2, 3, 7, 10, 13, 17, 19, 31, 33, 43, 64, 100, 207};
  static final Kernels REFERENCE = new ReferenceKernels();

  @Parameter KernelSet set;

  private final Random random = Random.of(42);
  private long drawn;

  /** Returns the set under test; skips the test where this JVM has no such set. */
  final Kernels kernels() {
    return set.kernels();
  }

  /** Draws the same numbers again from here on. */
  final void restart() {
    drawn = 0;
  }

  final Tensor draw(int... sizes) {
    Tensor tensor = Tensor.zeros(sizes);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, 2 * random.uniform(drawn++) - 1);
    }
    return tensor;
  }

  static Tensor dirty(int... sizes) {
    return Tensor.full(DType.F32, Shape.of(sizes), Double.NaN);
  }

  /**
   * Runs both sets into NaN-filled outputs and compares.
   *
   * @param length number of terms summed in one output
   */
  final void twin(int length, Shape output, BiConsumer<Kernels, Tensor> run, Tensor... inputs) {
    Tensor[] before = new Tensor[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      before[i] = inputs[i].copy();
    }
    Tensor expected = dirty(output.sizes());
    run.accept(REFERENCE, expected);
    Tensor actual = dirty(output.sizes());
    run.accept(kernels(), actual);
    close(expected, actual, length);
    for (int i = 0; i < inputs.length; i++) {
      assertTrue(inputs[i].bitEquals(before[i]), "input " + i + " was modified");
    }
  }

  static void close(Tensor expected, Tensor actual, int length) {
    double scale = 1e-30;
    for (int i = 0; i < expected.count(); i++) {
      scale = Double.isFinite(expected.get(i)) ? Math.max(scale, Math.abs(expected.get(i))) : scale;
    }
    double tolerance = 1e-6 * Math.sqrt(length) * scale;
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance, "element " + i + expected.shape());
    }
  }

  static Span[] spans() {
    Span[] spans = new Span[AWKWARD.length + 8];
    for (int i = 0; i < AWKWARD.length; i++) {
      spans[i] = new Span(1, 50 + 7 * i, AWKWARD[i]);
    }
    int i = AWKWARD.length;
    spans[i++] = new Span(5, 10, 1);
    spans[i++] = new Span(3, 5000, 1);
    spans[i++] = new Span(2, 300, 1);
    spans[i++] = new Span(3, 1, 19);
    spans[i++] = new Span(4, 77, 3);
    spans[i++] = new Span(2, 3, 2051);
    spans[i++] = new Span(1, 9001, 10);
    spans[i] = new Span(2, 33, 600);
    return spans;
  }
}
