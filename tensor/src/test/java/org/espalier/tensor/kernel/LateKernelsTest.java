package org.espalier.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.internal.ScalarKernels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LateKernelsTest {
  private final AtomicInteger late = new AtomicInteger();
  private final Kernels chosen = new Counting(late);
  private final Kernels kernels = new LateKernels(new EarlyProduct(true), () -> chosen);

  /** Counts products and does nothing. */
  private static final class Counting extends ScalarKernels {
    private final AtomicInteger count;

    Counting(AtomicInteger count) {
      this.count = count;
    }

    @Override
    public void gemm(
        boolean transposeA,
        boolean transposeB,
        int m,
        int n,
        int k,
        Tensor a,
        Tensor b,
        Tensor row,
        boolean accumulate,
        Tensor c) {
      count.incrementAndGet();
    }
  }

  private Tensor multiply(int m, int n, int k) {
    Tensor c = Tensor.zeros(m, n);
    Tensor ones = Tensor.full(DType.F32, Shape.of(Math.max(m, n), k), 1);
    kernels.gemm(false, true, m, n, k, ones, ones, null, false, c);
    return c;
  }

  /** The chosen set leaves zeros out, in another order of sums: early products must not differ. */
  @Test
  void frozenWeightsOfZerosNeverComeEarly() {
    Tensor rows = Tensor.full(DType.F32, Shape.of(4, 64), 1);
    Tensor c = Tensor.zeros(4, 64);
    Tensor zeros = Tensor.zeros(64, 64);
    kernels.gemm(false, true, 4, 64, 64, rows, zeros, null, false, c);
    assertEquals(0, late.get(), "a weight that may change");
    kernels.gemm(false, true, 4, 64, 64, rows, zeros.frozen(), null, false, c);
    assertEquals(1, late.get());
    Tensor ones = Tensor.full(DType.F32, Shape.of(64, 64), 1).frozen();
    kernels.gemm(false, true, 4, 64, 64, rows, ones, null, false, c);
    assertEquals(1, late.get(), "a frozen weight without zeros");
  }

  @Test
  void smallProductsComeEarlyUntilTheyAddUp() {
    for (int i = 0; i < 4; i++) {
      assertEquals(256, multiply(256, 256, 256).get(65_535));
    }
    assertEquals(0, late.get());
    multiply(1, 1, 1);
    multiply(256, 256, 256);
    assertEquals(2, late.get());
  }

  @Test
  void aLargeProductIsNotEarly() {
    multiply(512, 512, 512);
    assertEquals(1, late.get());
  }

  @Test
  void whatIsNoProductAsksForTheChosenSet() {
    Kernels reference = KernelLookup.named("reference");
    Kernels waiting = new LateKernels(new EarlyProduct(true), () -> reference);
    assertEquals("reference", waiting.name());
    Tensor y = Tensor.zeros(2);
    waiting.unary(Unary.EXP, 0, 0, Tensor.zeros(2), y);
    assertEquals(1, y.get(1));
  }

  /** Multiplies two matrices and prints an element: what the processes of the next tests run. */
  static final class Program {
    public static void main(String[] sizes) {
      int n = Integer.parseInt(sizes[0]);
      Tensor a = Tensor.zeros(n, n).fill(0.5);
      Tensor c = Tensor.zeros(n, n);
      KernelLookup.of(a).gemm(false, false, n, n, n, a, a, null, false, c);
      System.out.println("product " + c.get(n));
    }
  }

  @Test
  void aFirstSmallProductLoadsNoVectorClass() throws Exception {
    String log = run("256", "-Xlog:class+load", "--add-modules", "jdk.incubator.vector");
    assertTrue(log.contains("product 64.0"), log);
    assertTrue(log.contains("org.espalier.tensor.kernel.EarlyProduct"), log);
    assertFalse(log.contains("FloatVector"), "the Vector API was loaded");
  }

  @ParameterizedTest
  @ValueSource(strings = {"-XX:TieredStopAtLevel=3", "-XX:TieredStopAtLevel=1", "-Xint"})
  void aJvmThatCannotCompileVectorsFallsBackVisibly(String flag) throws Exception {
    // Large enough for the choice; -Xint refuses at once.
    String size = flag.equals("-Xint") ? "16" : "410";
    String log = run(size, flag, "--add-modules", "jdk.incubator.vector");
    assertTrue(log.contains("product "), log);
    assertTrue(log.contains("plain loops"), log);
  }

  @Test
  void withoutTheModuleTheFirstSmallProductsAreSilent() throws Exception {
    assertFalse(run("256").contains("plain loops"));
    assertTrue(run("410").contains("plain loops"));
  }

  private static String run(String size, String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Program.class.getName(), size));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
