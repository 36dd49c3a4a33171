package org.espalier.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Times matrix products {@code [m, k] · [k, n]} in the four storage orders. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class GemmBenchmark {
  /** Sizes m, n and k. */
  @Param({"256x256x256", "512x512x512", "1024x1024x1024", "65x577x131", "10x64x128"})
  public String sizes;

  /** N or T for either operand: as it is, or stored transposed. */
  @Param({"NN", "NT", "TN"})
  public String storage;

  private final Kernels kernels = KernelLookup.of(DType.F32);
  private int m;
  private int n;
  private int k;
  private Tensor a;
  private Tensor b;
  private Tensor c;

  /** Makes the operands. */
  @Setup
  public void operands() {
    String[] parts = sizes.split("x");
    m = Integer.parseInt(parts[0]);
    n = Integer.parseInt(parts[1]);
    k = Integer.parseInt(parts[2]);
    Random random = new Random(1);
    a = noise(random, Shape.of(m, k));
    b = noise(random, Shape.of(k, n));
    c = Tensor.zeros(m, n);
  }

  static Tensor noise(Random random, Shape shape) {
    Tensor tensor = Tensor.zeros(DType.F32, shape);
    float[] values = tensor.f32();
    for (int i = 0; i < tensor.count(); i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return tensor;
  }

  /** Multiplies. */
  @Benchmark
  public Tensor multiply() {
    kernels.gemm(storage.charAt(0) == 'T', storage.charAt(1) == 'T', m, n, k, a, b, null, false, c);
    return c;
  }
}
