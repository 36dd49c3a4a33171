package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.BiConsumer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Compares a kernel set with the reference set on awkward sizes, for every method; a subclass names
 * the set.
 *
 * <p>Outputs start as NaN, so that an element nobody writes shows; inputs must keep every bit.
 */
abstract class KernelTwin {
  private static final int[] AWKWARD = {1, 2, 3, 7, 10, 13, 17, 19, 31, 33, 43, 64, 100, 207};
  private static final Kernels REFERENCE = new ReferenceKernels();

  private final Random random = Random.of(42);
  private long drawn;

  /** Returns the set under test. */
  abstract Kernels kernels();

  private Tensor draw(int... sizes) {
    Tensor tensor = Tensor.zeros(sizes);
    for (int i = 0; i < tensor.count(); i++) {
      tensor.set(i, 2 * random.uniform(drawn++) - 1);
    }
    return tensor;
  }

  private static Tensor dirty(int... sizes) {
    return Tensor.full(DType.F32, Shape.of(sizes), Double.NaN);
  }

  /**
   * Runs both sets into NaN-filled outputs and compares.
   *
   * @param length number of terms summed in one output
   */
  private void twin(int length, Shape output, BiConsumer<Kernels, Tensor> run, Tensor... inputs) {
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

  private static void close(Tensor expected, Tensor actual, int length) {
    double scale = 1e-30;
    for (int i = 0; i < expected.count(); i++) {
      scale = Double.isFinite(expected.get(i)) ? Math.max(scale, Math.abs(expected.get(i))) : scale;
    }
    double tolerance = 1e-6 * Math.sqrt(length) * scale;
    for (int i = 0; i < expected.count(); i++) {
      assertEquals(expected.get(i), actual.get(i), tolerance, "element " + i + expected.shape());
    }
  }

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

  private static Span[] spans() {
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

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void reductionsAgree(Reduction reduction) {
    for (Span span : spans()) {
      Tensor x = draw(span.outer(), span.middle(), span.inner());
      Shape companion = Shape.of(span.outer(), span.inner());
      twin(span.middle(), companion, (k, y) -> k.reduce(reduction, x, span, y), x);
    }
  }

  @ParameterizedTest
  @EnumSource(Reduction.class)
  void reductionsOfNothingAndOfNaNKeepTheirMeaning(Reduction reduction) {
    Tensor y = dirty(5);
    kernels().reduce(reduction, Tensor.zeros(0, 5), new Span(1, 0, 5), y);
    double nothing =
        switch (reduction) {
          case SUM -> 0;
          case MEAN -> Double.NaN;
          case MAX -> Double.NEGATIVE_INFINITY;
        };
    assertEquals(nothing, y.get(4));
    for (int inner : new int[] {1, 5}) {
      for (int at = 0; at < 40; at++) {
        Tensor x = draw(40, inner);
        x.set(at * inner, Double.NaN);
        Tensor result = dirty(inner);
        kernels().reduce(reduction, x, new Span(1, 40, inner), result);
        assertTrue(Double.isNaN(result.get(0)), reduction + " lost NaN at " + at);
      }
    }
  }

  @Test
  void normalisationKernelsAgree() {
    for (Span span : spans()) {
      Tensor x = draw(span.outer(), span.middle(), span.inner());
      Tensor y = draw(span.outer(), span.middle(), span.inner());
      Tensor a = draw(span.outer(), span.inner());
      Tensor b = draw(span.outer(), span.inner());
      Tensor c = draw(span.outer(), span.inner());
      Shape full = x.shape();
      Shape companion = a.shape();
      int m = span.middle();
      twin(1, full, (k, out) -> k.scaleShift(x, a, b, span, false, out), x, a, b);
      twin(1, full, (k, out) -> k.scaleShift(x, a, null, span, false, out), x, a);
      twin(1, full, (k, out) -> k.scaleShift(x, null, b, span, false, out), x, b);
      twin(1, full, (k, out) -> k.scaleShift(x, a, b, span, true, out), x, a, b);
      twin(1, full, (k, out) -> k.combine(x, y, a, x, b, c, span, out), x, a, y, b, c);
      twin(1, full, (k, out) -> k.combine(x, null, a, y, b, c, span, out), x, a, y, b, c);
      twin(m, companion, (k, out) -> k.moments(x, span, out, dirty(companion.sizes())), x);
      twin(m, companion, (k, out) -> k.moments(x, span, dirty(companion.sizes()), out), x);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, null, x, a, b, span, out, dirty(companion.sizes())),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, x, x, a, b, span, out, dirty(companion.sizes())),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, x, x, a, b, span, dirty(companion.sizes()), out),
          x,
          y,
          a,
          b);
      twin(
          m,
          companion,
          (k, out) -> k.normSums(y, null, x, a, b, span, dirty(companion.sizes()), out),
          x,
          y,
          a,
          b);
    }
  }

  @Test
  void varianceSurvivesALargeMean() {
    Span span = new Span(1, 5000, 3);
    Tensor x = draw(5000, 3);
    for (int i = 0; i < x.count(); i++) {
      x.set(i, 4000 + x.get(i));
    }
    Tensor expected = dirty(3);
    REFERENCE.moments(x, span, dirty(3), expected);
    Tensor actual = dirty(3);
    kernels().moments(x, span, dirty(3), actual);
    close(expected, actual, 5000);
  }

  @Test
  void outputsMayShareAnInputWhereTheInterfaceSaysSo() {
    Span span = new Span(1, 90, 19);
    Tensor x = draw(90, 19);
    Tensor y = draw(90, 19);
    Tensor a = draw(19);
    Tensor b = draw(19);
    Tensor c = draw(19);
    Tensor expected = dirty(90, 19);
    kernels().combine(x, null, a, y, b, c, span, expected);
    Tensor sharedY = y.copy();
    kernels().combine(x, null, a, sharedY, b, c, span, sharedY);
    assertTrue(expected.bitEquals(sharedY));
    Tensor sharedX = x.copy();
    kernels().combine(sharedX, null, a, y, b, c, span, sharedX);
    assertTrue(expected.bitEquals(sharedX));
    kernels().scaleShift(x, a, b, span, false, expected);
    sharedX.copyFrom(x);
    kernels().scaleShift(sharedX, a, b, span, false, sharedX);
    assertTrue(expected.bitEquals(sharedX));
  }

  @Test
  void matrixProductsAgree() {
    int[][] sizes = {
      {1, 1, 1},
      {1, 10, 64},
      {64, 10, 64},
      {7, 13, 3},
      {33, 31, 207},
      {100, 43, 19},
      {2, 207, 100},
      {207, 2, 17},
      {300, 70, 150},
      {3, 600, 5},
      {5, 4, 0},
      {150, 260, 130}
    };
    for (int[] size : sizes) {
      int m = size[0];
      int n = size[1];
      int k = size[2];
      Tensor a = draw(m * k);
      Tensor b = draw(k * n);
      Tensor row = draw(n);
      Tensor start = draw(m, n);
      for (int variant = 0; variant < 16; variant++) {
        boolean transposeA = (variant & 1) != 0;
        boolean transposeB = (variant & 2) != 0;
        Tensor added = (variant & 4) != 0 ? row : null;
        boolean accumulate = (variant & 8) != 0;
        twin(
            k + 2,
            Shape.of(m, n),
            (kernels, c) -> {
              if (accumulate) {
                c.copyFrom(start);
              }
              kernels.gemm(transposeA, transposeB, m, n, k, a, b, added, accumulate, c);
            },
            a,
            b,
            row);
      }
    }
  }

  private static ConvGeometry geometry(
      int batch,
      int h,
      int w,
      int in,
      int out,
      int kernel,
      int stride,
      int dilation,
      int pad,
      int g) {
    int oh = (h + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    int ow = (w + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
    return new ConvGeometry(
        batch, h, w, in, oh, ow, out, kernel, kernel, stride, stride, dilation, dilation, pad, pad,
        g);
  }

  static ConvGeometry[] geometries() {
    return new ConvGeometry[] {
      geometry(2, 8, 8, 3, 16, 3, 1, 1, 1, 1),
      geometry(2, 9, 7, 10, 19, 3, 1, 1, 1, 1),
      geometry(1, 7, 9, 19, 10, 3, 2, 1, 1, 1),
      geometry(2, 8, 8, 13, 43, 3, 2, 1, 1, 1),
      geometry(2, 6, 5, 43, 33, 1, 1, 1, 0, 1),
      geometry(2, 8, 8, 17, 31, 1, 2, 1, 0, 1),
      geometry(1, 11, 11, 7, 3, 3, 1, 2, 2, 1),
      geometry(1, 12, 10, 2, 3, 5, 3, 1, 2, 1),
      geometry(1, 15, 14, 3, 20, 7, 2, 1, 3, 1),
      geometry(2, 6, 6, 12, 18, 3, 1, 1, 1, 3),
      geometry(1, 6, 7, 20, 10, 3, 2, 1, 1, 2),
      geometry(2, 7, 7, 1, 1, 3, 1, 1, 1, 1),
      geometry(1, 1, 1, 64, 100, 3, 1, 1, 1, 1),
      geometry(2, 4, 4, 207, 130, 3, 1, 1, 1, 1),
      geometry(2, 18, 17, 64, 64, 3, 1, 1, 1, 1),
      geometry(2, 5, 5, 16, 24, 2, 2, 1, 0, 1),
      geometry(1, 5, 6, 8, 8, 2, 3, 1, 1, 1),
      // one-dimensional, uneven padding
      new ConvGeometry(3, 1, 33, 6, 1, 33, 9, 1, 8, 1, 1, 1, 1, 0, 3, 1),
      new ConvGeometry(2, 1, 40, 1, 1, 14, 12, 1, 7, 1, 3, 1, 2, 0, 6, 1),
      // depthwise, with and without multiplier
      geometry(2, 8, 9, 19, 19, 3, 1, 1, 1, 19),
      geometry(2, 9, 8, 10, 10, 3, 2, 1, 1, 10),
      geometry(1, 9, 9, 43, 43, 5, 1, 2, 4, 43),
      geometry(1, 6, 6, 3, 6, 3, 1, 1, 1, 3),
      geometry(2, 30, 31, 64, 64, 3, 1, 1, 1, 64),
      geometry(1, 7, 7, 207, 207, 3, 2, 1, 1, 207),
    };
  }

  private static int terms(ConvGeometry g) {
    return g.kernelHeight() * g.kernelWidth() * g.groupIn();
  }

  private Tensor drawInput(ConvGeometry g) {
    return draw(g.batch(), g.inHeight(), g.inWidth(), g.inChannels());
  }

  private Tensor drawWeight(ConvGeometry g) {
    return draw(g.outChannels(), g.kernelHeight(), g.kernelWidth(), g.groupIn());
  }

  private Tensor drawOutput(ConvGeometry g) {
    return draw(g.batch(), g.outHeight(), g.outWidth(), g.outChannels());
  }

  @Test
  void convolutionsAgree() {
    for (ConvGeometry g : geometries()) {
      Tensor x = drawInput(g);
      Tensor weight = drawWeight(g);
      Tensor bias = draw(g.outChannels());
      Tensor dy = drawOutput(g);
      int pixels = g.batch() * g.outHeight() * g.outWidth();
      twin(terms(g), dy.shape(), (k, y) -> k.conv(g, x, weight, bias, y), x, weight, bias);
      twin(terms(g), dy.shape(), (k, y) -> k.conv(g, x, weight, null, y), x, weight);
      twin(terms(g), x.shape(), (k, dx) -> k.convGradInput(g, dy, weight, dx), dy, weight);
      twin(pixels, weight.shape(), (k, dw) -> k.convGradWeight(g, x, dy, dw), x, dy);
    }
  }

  private static PoolGeometry window(
      int batch, int h, int w, int channels, int size, int stride, int dilation, int pad) {
    int[][] rows = windows(h, size, stride, dilation, pad);
    int[][] columns = windows(w, size, stride, dilation, pad);
    return new PoolGeometry(
        batch,
        h,
        w,
        channels,
        rows[0],
        rows[1],
        rows[2],
        dilation,
        columns[0],
        columns[1],
        columns[2],
        dilation);
  }

  private static int[][] windows(int length, int size, int stride, int dilation, int pad) {
    int count = (length + 2 * pad - dilation * (size - 1) - 1) / stride + 1;
    int[][] windows = new int[3][count];
    for (int o = 0; o < count; o++) {
      int start = o * stride - pad;
      windows[1][o] = Math.min(length, start + dilation * (size - 1) + 1);
      while (start < 0) {
        start += dilation;
      }
      windows[0][o] = start;
      windows[2][o] = size;
    }
    return windows;
  }

  private static PoolGeometry[] pools() {
    return new PoolGeometry[] {
      window(2, 8, 8, 3, 2, 2, 1, 0),
      window(2, 9, 7, 10, 3, 2, 1, 1),
      window(1, 9, 9, 19, 3, 1, 2, 2),
      window(2, 5, 6, 43, 5, 5, 1, 0),
      window(1, 6, 6, 64, 3, 1, 1, 1),
      window(1, 4, 4, 207, 4, 4, 1, 0),
      new PoolGeometry(
          2,
          4,
          3,
          17,
          new int[] {0, 2, 4},
          new int[] {1, 4, 4},
          new int[] {1, 2, 1},
          1,
          new int[] {0},
          new int[] {3},
          new int[] {3},
          1)
    };
  }

  @Test
  void poolingAgrees() {
    for (PoolGeometry g : pools()) {
      Tensor x = draw(g.batch(), g.height(), g.width(), g.channels());
      Tensor dy = draw(g.batch(), g.outHeight(), g.outWidth(), g.channels());
      Tensor index = Tensor.full(DType.I32, dy.shape(), -7);
      Tensor expectedIndex = Tensor.full(DType.I32, dy.shape(), -7);
      REFERENCE.maxPool(g, x, dirty(dy.shape().sizes()), expectedIndex);
      twin(1, dy.shape(), (k, y) -> k.maxPool(g, x, y, index), x);
      assertTrue(index.bitEquals(expectedIndex));
      twin(25, x.shape(), (k, dx) -> k.maxPoolGrad(g, dy, index, dx), dy, index);
      twin(25, dy.shape(), (k, y) -> k.averagePool(g, x, y), x);
      twin(25, x.shape(), (k, dx) -> k.averagePoolGrad(g, dy, dx), dy);
    }
  }

  @Test
  void theFirstOfEqualsAndTheFirstNaNWinAMaxPool() {
    for (int channels : new int[] {1, 3, 20, 64}) {
      PoolGeometry g = window(1, 4, 4, channels, 4, 4, 1, 0);
      Tensor x = Tensor.zeros(4, 4, channels);
      x.set(0, -0.0);
      Tensor y = dirty(channels);
      Tensor index = Tensor.full(DType.I32, Shape.of(channels), -7);
      kernels().maxPool(g, x, y, index);
      assertEquals(0, index.get(0));
      x.set(5 * channels, Double.NaN);
      x.set(9 * channels, Double.NaN);
      x.set(12 * channels, Double.POSITIVE_INFINITY);
      kernels().maxPool(g, x, y, index);
      assertTrue(Double.isNaN(y.get(0)));
      assertEquals(5, index.get(0));
      x.fill(Double.NEGATIVE_INFINITY);
      kernels().maxPool(g, x, y, index);
      assertEquals(0, index.get(0), "minus infinity is a number like any other");
    }
  }

  @Test
  void permutationsAgree() {
    int[][] shapes = {{7, 33, 19}, {64, 3, 100}, {2, 10, 43}};
    int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int[] shape : shapes) {
      Tensor x = draw(shape);
      for (int[] order : orders) {
        Shape permuted = Shape.of(shape[order[0]], shape[order[1]], shape[order[2]]);
        twin(1, permuted, (k, y) -> k.permute(x, order, y), x);
      }
    }
    Tensor four = draw(3, 5, 1, 17);
    twin(1, Shape.of(17, 3, 1, 5), (k, y) -> k.permute(four, new int[] {3, 0, 2, 1}, y), four);
    twin(1, Shape.of(5, 17, 3, 1), (k, y) -> k.permute(four, new int[] {1, 3, 0, 2}, y), four);
    Tensor scalar = draw();
    twin(1, Shape.scalar(), (k, y) -> k.permute(scalar, new int[0], y), scalar);
    kernels().permute(Tensor.zeros(0, 4), new int[] {1, 0}, Tensor.zeros(4, 0));
  }

  @Test
  void gatherAndScatterAgree() {
    Tensor index = Tensor.indices(4, -1, 0, 2, 4, 4);
    for (int inner : AWKWARD) {
      for (int outer : new int[] {1, 3, 40}) {
        Span span = new Span(outer, 5, inner);
        Tensor x = draw(outer, 5, inner);
        Tensor many = draw(outer, 6, inner);
        twin(1, many.shape(), (k, y) -> k.gather(x, index, span, y), x, index);
        twin(3, x.shape(), (k, y) -> k.scatterAdd(many, index, span, y), many, index);
      }
    }
  }

  @Test
  void resultsDoNotDependOnTheNumberOfThreads() throws Exception {
    // Asked here, where a missing Vector API skips the test; inside the pool it would fail it.
    Kernels kernels = kernels();
    List<Tensor> expected = null;
    for (int threads = 1; threads <= 3; threads++) {
      ForkJoinPool pool = new ForkJoinPool(threads);
      try {
        List<Tensor> results = pool.submit(() -> largeResults(kernels)).get();
        if (expected == null) {
          expected = results;
        }
        for (int i = 0; i < results.size(); i++) {
          assertTrue(expected.get(i).bitEquals(results.get(i)), "result " + i + ", " + threads);
        }
      } finally {
        pool.shutdown();
      }
    }
  }

  /** Computes every kernel that sums, on sizes that are worth several pieces. */
  private List<Tensor> largeResults(Kernels kernels) {
    drawn = 0;
    List<Tensor> results = new ArrayList<>();
    Tensor x = draw(8, 24, 24, 19);
    Tensor dy = draw(8, 24, 24, 19);
    for (Span span : new Span[] {Span.channels(x.shape()), new Span(1, x.count(), 1)}) {
      Tensor[] companions = new Tensor[6];
      for (int i = 0; i < companions.length; i++) {
        companions[i] = dirty(span.companion());
      }
      kernels.reduce(Reduction.SUM, x, span, companions[0]);
      kernels.reduce(Reduction.MAX, x, span, companions[1]);
      kernels.moments(x, span, companions[2], companions[3]);
      kernels.normSums(
          dy, null, x, companions[2], companions[3], span, companions[4], companions[5]);
      results.addAll(List.of(companions));
    }
    ConvGeometry[] geometries = {
      geometry(8, 24, 24, 19, 19, 3, 1, 1, 1, 1),
      geometry(8, 24, 24, 19, 10, 3, 2, 1, 1, 1),
      geometry(8, 24, 24, 19, 19, 3, 1, 1, 1, 19)
    };
    for (ConvGeometry g : geometries) {
      Tensor weight = drawWeight(g);
      Tensor y = drawOutput(g);
      Tensor dx = dirty(x.shape().sizes());
      Tensor dw = dirty(weight.shape().sizes());
      kernels.convGradWeight(g, x, y, dw);
      kernels.convGradInput(g, y, weight, dx);
      kernels.conv(g, x, weight, null, y);
      results.addAll(List.of(y, dx, dw));
    }
    Tensor product = dirty(300, 257);
    kernels.gemm(false, true, 300, 257, 200, draw(300, 200), draw(257, 200), null, false, product);
    results.add(product);
    PoolGeometry g = window(8, 24, 24, 19, 3, 2, 1, 1);
    Tensor pooled = draw(8, 12, 12, 19);
    Tensor dx = dirty(x.shape().sizes());
    kernels.averagePoolGrad(g, pooled, dx);
    results.add(dx);
    return results;
  }
}
