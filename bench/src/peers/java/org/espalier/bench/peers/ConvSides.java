package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.espalier.bench.peers.Conv.Pass;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Kernels;

/** Makes contests of single convolutions, our kernels against libtorch. */
final class ConvSides {
  private ConvSides() {}

  /** Returns a contest for each pass; nobody asks for the gradient of data while training. */
  static List<Contest> contests(String group, Conv conv) {
    List<Contest> contests = new ArrayList<>();
    for (Pass pass : Pass.values()) {
      if (pass != Pass.INPUT || conv.in() > 3) {
        long seed = System.nanoTime();
        contests.add(
            new Contest(
                group,
                conv.name(pass),
                "libtorch",
                () -> new Sides(new Ours(conv, pass, seed), new Libtorch(conv, pass, seed))));
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
      x = channelsLast(conv.x(seed), conv.batch(), conv.in(), conv.pixels());
      weight = channelsLast(conv.weight(seed), conv.out(), conv.groupIn(), conv.taps());
      y = channelsLast(conv.dy(seed), conv.batch(), conv.out(), conv.outPixels());
    }

    private static Tensor channelsLast(float[] values, int n, int channels, int pixels) {
      return Tensor.of(
          org.espalier.tensor.Shape.of(n, pixels, channels),
          Noise.exchange(values, n, channels, pixels));
    }

    /** Each pass overwrites the tensor it computes and reads the other two. */
    @Override
    public void run() {
      switch (pass) {
        case FORWARD -> kernels.conv(conv.geometry(), x, weight, null, null, y);
        case INPUT -> kernels.convGradInput(conv.geometry(), y, weight, x);
        case WEIGHT -> kernels.convGradWeight(conv.geometry(), x, y, weight);
      }
    }

    @Override
    public List<float[]> outputs() {
      return List.of(
          switch (pass) {
            case FORWARD -> Noise.exchange(y.f32(), conv.batch(), conv.outPixels(), conv.out());
            case INPUT -> Noise.exchange(x.f32(), conv.batch(), conv.pixels(), conv.in());
            case WEIGHT -> Noise.exchange(weight.f32(), conv.out(), conv.taps(), conv.groupIn());
          });
    }
  }

  /** Times only the walk back of a gradient: its graph is made anew before each run. */
  private static final class Libtorch extends Torch.TorchSide {
    private final Conv conv;
    private final Pass pass;
    private final NDArray x;
    private final NDArray weight;
    private final NDArray dy;
    private NDArray leaf;
    private NDArray y;

    Libtorch(Conv conv, Pass pass, long seed) {
      this.conv = conv;
      this.pass = pass;
      x = array(conv.x(seed), conv.inSizes());
      weight = array(conv.weight(seed), conv.weightSizes());
      dy = array(conv.dy(seed), conv.outSizes());
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
      y = pass == Pass.INPUT ? convolve(leaf, weight) : convolve(x, leaf);
      Torch.record(false);
    }

    @Override
    public void run() {
      if (pass == Pass.FORWARD) {
        keep(convolve(x, weight));
      } else {
        Torch.backward(y, dy);
      }
    }

    private NDArray convolve(NDArray input, NDArray kernel) {
      return Torch.convolution(
          input, kernel, null, axes(conv.stride()), axes(conv.pad()), conv.groups());
    }

    private Shape axes(int number) {
      return conv.isSeries() ? new Shape(number) : new Shape(number, number);
    }

    @Override
    public List<float[]> outputs() {
      return pass == Pass.FORWARD ? super.outputs() : List.of(leaf.getGradient().toFloatArray());
    }
  }
}
