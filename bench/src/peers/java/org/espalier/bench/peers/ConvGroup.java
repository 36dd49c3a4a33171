package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;

/** Convolutions of square images: forward, gradient of the input, gradient of the weight. */
final class ConvGroup implements Group {
  /** The three passes of a convolution. */
  private enum Pass {
    FORWARD,
    INPUT,
    WEIGHT
  }

  /** One convolution, with the padding that keeps the size where the stride is 1. */
  private record Conv(int batch, int size, int in, int out, int kernel, int stride, int groups) {
    int pad() {
      return kernel / 2;
    }

    int outSize() {
      return (size + 2 * pad() - kernel) / stride + 1;
    }

    ConvGeometry geometry() {
      return new ConvGeometry(
          batch, size, size, in, outSize(), outSize(), out, kernel, kernel, stride, stride, 1, 1,
          pad(), pad(), groups);
    }

    String name(Pass pass) {
      String kind = kernel + "x" + kernel + (stride > 1 ? "/" + stride : "");
      String split = groups > 1 ? " g" + groups : "";
      return kind
          + " "
          + batch
          + "x"
          + size
          + "x"
          + size
          + " "
          + in
          + "-"
          + out
          + split
          + " "
          + pass.name().toLowerCase(java.util.Locale.ROOT);
    }

    float[] x(long seed) {
      return Noise.of(new Random(seed), batch * in * size * size);
    }

    float[] weight(long seed) {
      return Noise.of(new Random(seed + 1), out * in / groups * kernel * kernel);
    }

    float[] dy(long seed) {
      return Noise.of(new Random(seed + 2), batch * out * outSize() * outSize());
    }
  }

  private static final Conv[] CONVS = {
    new Conv(64, 32, 16, 16, 3, 1, 1),
    new Conv(64, 16, 64, 64, 3, 1, 1),
    new Conv(64, 16, 128, 128, 3, 1, 1),
    new Conv(64, 8, 64, 64, 3, 1, 1),
    new Conv(64, 8, 256, 256, 3, 1, 1),
    new Conv(64, 32, 16, 32, 3, 2, 1),
    new Conv(64, 16, 32, 64, 3, 2, 1),
    new Conv(64, 16, 64, 64, 1, 1, 1),
    new Conv(64, 16, 64, 64, 5, 1, 1),
    new Conv(64, 32, 3, 16, 3, 1, 1),
    new Conv(64, 32, 3, 64, 3, 1, 1),
    new Conv(4, 224, 3, 64, 7, 2, 1),
    new Conv(64, 16, 64, 64, 3, 1, 8),
    new Conv(64, 16, 64, 64, 3, 1, 64),
    new Conv(64, 16, 64, 64, 3, 2, 64),
  };

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (Conv conv : CONVS) {
      for (Pass pass : Pass.values()) {
        if (pass == Pass.INPUT && conv.in == 3) {
          continue; // nobody asks for the gradient of a picture while training
        }
        long seed = System.nanoTime();
        contests.add(
            new Contest(
                "conv",
                conv.name(pass),
                () -> new Ours(conv, pass, seed),
                "libtorch",
                () -> new TorchConv(conv, pass, seed)));
      }
    }
    return contests;
  }

  private static final class Ours implements Side {
    private final Kernels kernels = KernelLookup.of(DType.F32);
    private final Conv conv;
    private final Pass pass;
    private final Tensor x;
    private final Tensor weight;
    private final Tensor y;

    Ours(Conv conv, Pass pass, long seed) {
      this.conv = conv;
      this.pass = pass;
      int pixels = conv.size * conv.size;
      int outPixels = conv.outSize() * conv.outSize();
      int taps = conv.kernel * conv.kernel;
      int groupIn = conv.in / conv.groups;
      x =
          Tensor.of(
              Shape.of(conv.batch, conv.size, conv.size, conv.in),
              Noise.exchange(conv.x(seed), conv.batch, conv.in, pixels));
      weight =
          Tensor.of(
              Shape.of(conv.out, conv.kernel, conv.kernel, groupIn),
              Noise.exchange(conv.weight(seed), conv.out, groupIn, taps));
      y =
          Tensor.of(
              Shape.of(conv.batch, conv.outSize(), conv.outSize(), conv.out),
              Noise.exchange(conv.dy(seed), conv.batch, conv.out, outPixels));
    }

    /** Each pass overwrites the tensor it computes and reads the other two. */
    @Override
    public void run() {
      switch (pass) {
        case FORWARD -> kernels.conv(conv.geometry(), x, weight, null, y);
        case INPUT -> kernels.convGradInput(conv.geometry(), y, weight, x);
        case WEIGHT -> kernels.convGradWeight(conv.geometry(), x, y, weight);
      }
    }

    @Override
    public float[] output() {
      int outPixels = conv.outSize() * conv.outSize();
      int taps = conv.kernel * conv.kernel;
      return switch (pass) {
        case FORWARD -> Noise.exchange(y.f32(), conv.batch, outPixels, conv.out);
        case INPUT -> Noise.exchange(x.f32(), conv.batch, conv.size * conv.size, conv.in);
        case WEIGHT -> Noise.exchange(weight.f32(), conv.out, taps, conv.in / conv.groups);
      };
    }
  }

  /** Times only the walk back of a gradient: its graph is made anew before each run. */
  private static final class TorchConv extends Torch.TorchSide {
    private final Conv conv;
    private final Pass pass;
    private final NDArray x;
    private final NDArray weight;
    private final NDArray dy;
    private NDArray leaf;
    private NDArray y;

    TorchConv(Conv conv, Pass pass, long seed) {
      this.conv = conv;
      this.pass = pass;
      x = array(conv.x(seed), conv.batch, conv.in, conv.size, conv.size);
      weight = array(conv.weight(seed), conv.out, conv.in / conv.groups, conv.kernel, conv.kernel);
      dy = array(conv.dy(seed), conv.batch, conv.out, conv.outSize(), conv.outSize());
    }

    @Override
    public void prepare() {
      if (pass == Pass.FORWARD) {
        return;
      }
      if (leaf != null) {
        leaf.close();
        y.close();
      }
      Torch.record(true);
      leaf = (pass == Pass.INPUT ? x : weight).duplicate();
      leaf.setRequiresGradient(true);
      y =
          pass == Pass.INPUT
              ? Torch.convolution(leaf, weight, conv.stride, conv.pad(), conv.groups)
              : Torch.convolution(x, leaf, conv.stride, conv.pad(), conv.groups);
      Torch.record(false);
    }

    @Override
    public void run() {
      if (pass == Pass.FORWARD) {
        keep(Torch.convolution(x, weight, conv.stride, conv.pad(), conv.groups));
      } else {
        Torch.backward(y, dy);
      }
    }

    @Override
    public float[] output() {
      return pass == Pass.FORWARD ? kept().toFloatArray() : leaf.getGradient().toFloatArray();
    }
  }
}
