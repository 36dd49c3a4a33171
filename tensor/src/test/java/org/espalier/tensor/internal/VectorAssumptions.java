package org.espalier.tensor.internal;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.ForkJoinPool;

/** What the tests of the vector kernels share. */
final class VectorAssumptions {
  private VectorAssumptions() {}

  /** Skips the test class where the JVM runs without the Vector API. */
  static void vectorModule() {
    assumeTrue(
        ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent(),
        "skipped: run with --add-modules jdk.incubator.vector");
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
