package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.Kernels;
import org.espalier.tensor.kernel.PoolGeometry;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.junit.jupiter.api.Test;

/** Checks that kernels give the same bits by any number of threads. */
class KernelThreadsTest extends KernelTwin {
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
    restart();
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
          dy, x, companions[2], companions[3], null, null, span, companions[4], companions[5]);
      results.addAll(List.of(companions));
    }
    ConvGeometry[] geometries = {
      ConvKernelsTest.geometry(8, 24, 24, 19, 19, 3, 1, 1, 1, 1),
      ConvKernelsTest.geometry(8, 24, 24, 10, 8, 3, 1, 1, 1, 1),
      ConvKernelsTest.geometry(8, 24, 24, 19, 10, 3, 2, 1, 1, 1),
      ConvKernelsTest.geometry(8, 24, 24, 19, 19, 3, 1, 1, 1, 19)
    };
    for (ConvGeometry g : geometries) {
      Tensor weight = draw(g.outChannels(), g.kernelHeight(), g.kernelWidth(), g.groupIn());
      Tensor y = draw(g.batch(), g.outHeight(), g.outWidth(), g.outChannels());
      Tensor dx = dirty(x.shape().sizes());
      Tensor dw = dirty(weight.shape().sizes());
      kernels.convGradWeight(g, x, y, dw);
      kernels.convGradInput(g, y, weight, dx);
      kernels.conv(g, x, weight, null, null, y);
      results.addAll(List.of(y, dx, dw));
    }
    Tensor product = dirty(300, 257);
    kernels.gemm(false, true, 300, 257, 200, draw(300, 200), draw(257, 200), null, false, product);
    results.add(product);
    PoolGeometry g = PoolKernelsTest.window(8, 24, 24, 19, 3, 2, 1, 1);
    Tensor pooled = draw(8, 12, 12, 19);
    Tensor dx = dirty(x.shape().sizes());
    kernels.averagePoolGrad(g, pooled, dx);
    results.add(dx);
    return results;
  }
}
