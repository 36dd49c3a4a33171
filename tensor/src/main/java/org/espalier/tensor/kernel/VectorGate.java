package org.espalier.tensor.kernel;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/**
 * Holds what the choice of the vector kernels depends on, and decides from it alone.
 *
 * <p>Where the JIT compiler does not know the Vector API, each vector is an object: the vector
 * kernels then run two hundred times slower than where it does, and five times slower than the
 * plain loops. So every doubt speaks for the plain loops.
 *
 * @param vmName system property {@code java.vm.name}
 * @param vmInfo system property {@code java.vm.info}
 * @param feature Java's feature number, such as 17
 * @param architecture system property {@code os.arch}
 * @param moduleFound whether module {@code jdk.incubator.vector} is there
 * @param graal VM option {@code UseJVMCICompiler}; unknown without {@code jdk.management}
 * @param lastTier VM option {@code TieredStopAtLevel}, 4 for C2; unknown without {@code
 *     jdk.management}
 * @param fusedMultiplyAdd VM option {@code UseFMA}; unknown without {@code jdk.management}
 */
record VectorGate(
    String vmName,
    String vmInfo,
    int feature,
    String architecture,
    boolean moduleFound,
    Optional<Boolean> graal,
    Optional<Integer> lastTier,
    Optional<Boolean> fusedMultiplyAdd) {

  private static final int C2_TIER = 4;
  private static final int GRAAL_FEATURE = 25;
  private static final int LEAST_BITS = 128;
  private static final int FMA_BITS = 256;
  private static final int TRIALS = 5;
  private static final int FMA_COUNT = 20;

  /** Far above an interpreted instruction and far below a computation with decimal numbers. */
  private static final long FMA_NANOS = 500;

  /** Returns the facts about this JVM. */
  static VectorGate ofThisJvm(boolean moduleFound) {
    return new VectorGate(
        System.getProperty("java.vm.name", ""),
        System.getProperty("java.vm.info", ""),
        Runtime.version().feature(),
        System.getProperty("os.arch", ""),
        moduleFound,
        option("UseJVMCICompiler").map(Boolean::valueOf),
        option("TieredStopAtLevel").map(Integer::valueOf),
        option("UseFMA").map(Boolean::valueOf));
  }

  /**
   * Tells cheaply whether the gate is likely to open here, if the module is there; if it is not,
   * there is no point in putting the question off. Asking for VM options takes 15 ms, half of what
   * the JVM takes to start.
   */
  static boolean isLikelyToOpen() {
    String info = System.getProperty("java.vm.info", "");
    return System.getProperty("java.vm.name", "").contains("Server VM")
        && !info.contains("interpreted")
        && !info.contains("emulated-client")
        && fusedMultiplyAddIsFast();
  }

  /**
   * Tells whether fused multiply-adds are instructions: without them, each is a computation with
   * decimal numbers of a hundred times the length. A busy machine may hide that they are fast,
   * never that they are slow.
   */
  private static boolean fusedMultiplyAddIsFast() {
    long fastest = Long.MAX_VALUE;
    float sum = 0;
    for (int trial = 0; trial < TRIALS; trial++) {
      long start = System.nanoTime();
      for (int i = 0; i < FMA_COUNT; i++) {
        sum = Math.fma(sum, 0.5f, i);
      }
      fastest = Math.min(fastest, System.nanoTime() - start);
    }
    return fastest < FMA_COUNT * FMA_NANOS && sum > 0;
  }

  /** Returns a VM option's value if it can be asked for and exists. */
  private static Optional<String> option(String name) {
    try {
      return Optional.of(HotSpot.option(name));
    } catch (LinkageError | RuntimeException absent) {
      return Optional.empty();
    }
  }

  /** Says why the Vector API must not be touched, and what to do; empty if it may be. */
  Optional<String> objection() {
    if (!moduleFound) {
      return Optional.of(
          "module jdk.incubator.vector is not loaded; add --add-modules jdk.incubator.vector");
    }
    if (!vmName.contains("Server VM")) {
      return Optional.of(
          "'" + vmName + "' does not compile the Vector API; run on HotSpot's server VM");
    }
    if (vmInfo.contains("interpreted")) {
      return Optional.of("the JVM only interprets; drop -Xint");
    }
    if (vmInfo.contains("emulated-client") || lastTier.orElse(C2_TIER) < C2_TIER) {
      return Optional.of(
          "the C2 compiler is switched off; drop -XX:TieredStopAtLevel or -XX:CompilationMode");
    }
    if (graal.orElse(false) && feature < GRAAL_FEATURE) {
      return Optional.of(
          "this Graal compiler does not compile the Vector API; use Java "
              + GRAAL_FEATURE
              + " or drop -XX:+UseJVMCICompiler");
    }
    return Optional.empty();
  }

  /** Says why vectors of so many bits do not pay, and what to do; empty if they do. */
  Optional<String> objection(int preferredBits) {
    if (preferredBits < LEAST_BITS) {
      return Optional.of(
          "vectors have "
              + preferredBits
              + " bits here, less than "
              + LEAST_BITS
              + "; drop -XX:MaxVectorSize or -XX:UseSSE if set");
    }
    boolean likely = preferredBits >= FMA_BITS || architecture.equals("aarch64");
    if (!fusedMultiplyAdd.orElse(likely)) {
      return Optional.of(
          "the processor has no fused multiply-add; drop -XX:-UseFMA or -XX:UseAVX if set");
    }
    return Optional.empty();
  }

  /** Keeps the optional module {@code jdk.management} out of the class above. */
  private static final class HotSpot {
    static String option(String name) {
      return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .getVMOption(name)
          .getValue();
    }
  }
}
