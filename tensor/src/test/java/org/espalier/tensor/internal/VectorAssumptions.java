package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.ForkJoinPool;
import net.jqwik.api.lifecycle.LifecycleContext;
import net.jqwik.api.lifecycle.SkipExecutionHook;

/** What the tests of the vector kernels share. */
final class VectorAssumptions {
  private static final String WAY_OUT = "skipped: run with --add-modules jdk.incubator.vector";

  private VectorAssumptions() {}

  private static boolean hasVectors() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }

  /** Skips the test class where the JVM runs without the Vector API. */
  static void vectorModule() {
    assumeTrue(hasVectors(), WAY_OUT);
  }

  /** Does the same for jqwik's properties, where a failed assumption is an error. */
  static final class ForProperties implements SkipExecutionHook {
    @Override
    public SkipResult shouldBeSkipped(LifecycleContext context) {
      return hasVectors() ? SkipResult.doNotSkip() : SkipResult.skip(WAY_OUT);
    }
  }

  /** Runs the work in a pool of so many threads. */
  static void inPool(int threads, Runnable work) {
    ForkJoinPool pool = new ForkJoinPool(threads);
    try {
      pool.submit(work).join();
    } finally {
      pool.shutdown();
    }
  }
}
