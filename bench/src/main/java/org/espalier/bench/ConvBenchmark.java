package org.espalier.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
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

/** Times the three passes of convolutions over square images. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector"})
public class ConvBenchmark {
  /** Images, size, input and output channels, kernel, stride and groups; padding kernel/2. */
  @Param({
    "64,32,16,16,3,1,1",
    "64,16,64,64,3,1,1",
    "64,16,43,43,3,1,1",
    "64,8,256,256,3,1,1",
    "64,16,32,64,3,2,1",
    "64,16,64,64,1,1,1",
    "64,32,3,16,3,1,1",
    "64,16,64,64,3,1,8"
  })
  public String shape;

  private final Kernels kernels = KernelLookup.of(DType.F32);
  private ConvGeometry geometry;
  private Tensor x;
  private Tensor weight;
  private Tensor y;
  private Tensor dx;
  private Tensor dw;
  private Tensor dy;

  /** Makes the operands. */
  @Setup
  public void operands() {
    String[] parts = shape.split(",");
    int[] v = new int[parts.length];
    for (int i = 0; i < v.length; i++) {
      v[i] = Integer.parseInt(parts[i]);
    }
    int pad = v[4] / 2;
    int out = (v[1] + 2 * pad - v[4]) / v[5] + 1;
    geometry =
        new ConvGeometry(
            v[0], v[1], v[1], v[2], out, out, v[3], v[4], v[4], v[5], v[5], 1, 1, pad, pad, v[6]);
    Random random = new Random(1);
    x = GemmBenchmark.noise(random, Shape.of(v[0], v[1], v[1], v[2]));
    weight = GemmBenchmark.noise(random, Shape.of(v[3], v[4], v[4], v[2] / v[6]));
    dy = GemmBenchmark.noise(random, Shape.of(v[0], out, out, v[3]));
    y = Tensor.zeros(DType.F32, dy.shape());
    dx = Tensor.zeros(DType.F32, x.shape());
    dw = Tensor.zeros(DType.F32, weight.shape());
  }

  /** Computes the output. */
  @Benchmark
  public Tensor forward() {
    kernels.conv(geometry, x, weight, null, null, y);
    return y;
  }

  /** Computes the gradient of the input. */
  @Benchmark
  public Tensor gradInput() {
    kernels.convGradInput(geometry, dy, weight, dx);
    return dx;
  }

  /** Computes the gradient of the weight. */
  @Benchmark
  public Tensor gradWeight() {
    kernels.convGradWeight(geometry, x, dy, dw);
    return dw;
  }
}
