package org.espalier.nn.model;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Dropout;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;

/**
 * Wide residual networks (Zagoruyko and Komodakis, BMVC 2016): pre-activation blocks {@code
 * BN-ReLU-conv}, widths 16, 16k, 32k, 64k, dropout between the convolutions of a block. A
 * projection reads what comes behind the block's first BN and ReLU; an identity shortcut reads the
 * raw stream.
 *
 * <p>Paths of a block without projection: {@code groupG.blockB.branch.conv0}; with one: {@code
 * groupG.blockB.bn0}, {@code groupG.blockB.residual.branch.conv0}, {@code
 * groupG.blockB.residual.shortcut}. {@link #publishedNames} maps them to those of the authors'
 * code.
 */
public final class WideResNet {
  private static final int STEM = 16;

  /** Says how gamma of the batch norms starts. */
  public enum BnGammaInit {
    /** 1. */
    ONE(Init.constant(1)),
    /** Uniform in [0, 1), the default of the framework the paper used. */
    UNIFORM01(Init.uniform(0, 1));

    private final Init init;

    BnGammaInit(Init init) {
      this.init = init;
    }
  }

  /**
   * Holds the choices besides depth and width.
   *
   * @param kernels side of each convolution of a block: B(3, 3) is the one used
   * @param dropout share dropped in front of each convolution of a block but the first
   * @param bnGammaInit how gamma starts
   * @param channels channels of the input
   */
  public record Options(
      List<Integer> kernels, double dropout, BnGammaInit bnGammaInit, int channels) {
    /** B(3, 3) without dropout, gamma 1, colour images. */
    public static final Options DEFAULT = new Options(List.of(3, 3), 0, BnGammaInit.ONE, 3);

    /** Creates the options; kernels are odd, dropout lies in [0, 1). */
    public Options {
      kernels = List.copyOf(kernels);
      if (kernels.isEmpty() || kernels.stream().anyMatch(k -> k < 1 || k % 2 == 0)) {
        throw new IllegalArgumentException(
            "wide resnet: a block B(M) needs odd kernel sizes, got " + kernels);
      }
      if (!(dropout >= 0 && dropout < 1)) {
        throw new IllegalArgumentException(
            "wide resnet: dropout must be inside [0, 1), got " + dropout);
      }
    }

    /** Returns these options with another list of kernels. */
    public Options withKernels(Integer... other) {
      return new Options(List.of(other), dropout, bnGammaInit, channels);
    }

    /** Returns these options with l 3x3 convolutions a block, the deepening factor. */
    public Options withDeepening(int convolutions) {
      if (convolutions < 1) {
        throw new IllegalArgumentException(
            "wide resnet: the deepening factor must be at least 1, got " + convolutions);
      }
      return new Options(Collections.nCopies(convolutions, 3), dropout, bnGammaInit, channels);
    }

    /** Returns these options with another dropout. */
    public Options withDropout(double other) {
      return new Options(kernels, other, bnGammaInit, channels);
    }

    /** Returns these options with another start of gamma. */
    public Options withBnGammaInit(BnGammaInit other) {
      return new Options(kernels, dropout, other, channels);
    }

    /** Returns these options for inputs with another number of channels. */
    public Options withChannels(int other) {
      return new Options(kernels, dropout, bnGammaInit, other);
    }
  }

  private WideResNet() {}

  /** Returns WRN-depth-widen with B(3, 3) blocks and without dropout. */
  public static Sequential of(int depth, double widen, int classes) {
    return of(depth, widen, classes, Options.DEFAULT);
  }

  /** Returns WRN-depth-widen with B(3, 3) blocks and dropout between their convolutions. */
  public static Sequential of(int depth, double widen, int classes, double dropout) {
    return of(depth, widen, classes, Options.DEFAULT.withDropout(dropout));
  }

  /**
   * Returns WRN-depth-widen: n = (depth - 4)/6 blocks a group, whatever the kernels of a block.
   *
   * @param depth 10, 16, 22, 28, 34, 40, 52, ...
   * @param widen factor k of the widths {@code int(16k)}, {@code int(32k)}, {@code int(64k)}
   */
  public static Sequential of(int depth, double widen, int classes, Options options) {
    if (depth < 10 || (depth - 4) % 6 != 0) {
      throw new IllegalArgumentException(
          "wide resnet: the depth is 6n + 4 with n >= 1 (10, 16, 22, 28, 34, 40), got " + depth);
    }
    return ofBlocks((depth - 4) / 6, widen, classes, options);
  }

  /**
   * Returns the network of the deepening study: l convolutions a block and n = (depth - 4)/(3l)
   * blocks a group, so that the number of convolutions stays.
   */
  public static Sequential deepened(
      int depth, double widen, int convolutions, int classes, Options options) {
    Options deep = options.withDeepening(convolutions);
    if (depth < 4 + 3 * convolutions || (depth - 4) % (3 * convolutions) != 0) {
      throw new IllegalArgumentException(
          "wide resnet: the depth is 3·l·n + 4 with n >= 1, got %d for l = %d"
              .formatted(depth, convolutions));
    }
    return ofBlocks((depth - 4) / (3 * convolutions), widen, classes, deep);
  }

  /**
   * Returns WRN-50-2-bottleneck (ImageNet, post-activation): a ResNet-50 whose bottlenecks are
   * twice as wide inside.
   */
  public static Sequential imagenet50x2(int classes) {
    return ResNet.imagenet(50, 3, classes, 128, false);
  }

  private static Sequential ofBlocks(int blocks, double widen, int classes, Options options) {
    if (!(widen > 0) || (int) (STEM * widen) < 1) {
      throw new IllegalArgumentException(
          "wide resnet: the widening factor must leave at least one channel, int(16·k) >= 1, got "
              + widen);
    }
    Sequential.Builder net = Sequential.builder();
    net.add("conv0", conv(options.channels, STEM, 3, 1));
    int in = STEM;
    for (int g = 0; g < 3; g++) {
      int out = (int) ((STEM << g) * widen);
      Map<String, Module> group = new LinkedHashMap<>();
      for (int b = 0; b < blocks; b++) {
        group.put("block" + b, block(in, out, g > 0 && b == 0 ? 2 : 1, options));
        in = out;
      }
      net.add("group" + g, new Sequential(group));
    }
    return net.add("bn", norm(in, options))
        .add("relu", Activation.relu())
        .add("pool", new GlobalAveragePool())
        .add("fc", new Linear(in, classes, Init.pytorchWeight(), Init.constant(0)))
        .build();
  }

  /** Returns one block; the projection is there exactly where the widths differ. */
  public static Module block(int in, int out, int stride, Options options) {
    Sequential.Builder branch = Sequential.builder();
    boolean projects = in != out;
    int channels = in;
    for (int i = 0; i < options.kernels.size(); i++) {
      if (i > 0 || !projects) {
        branch.add("bn" + i, norm(channels, options)).add("relu" + i, Activation.relu());
      }
      if (i > 0 && options.dropout > 0) {
        branch.add(i == 1 ? "dropout" : "dropout" + i, new Dropout(options.dropout));
      }
      int step = i == 0 ? stride : 1;
      branch.add("conv" + i, conv(channels, out, options.kernels.get(i), step));
      channels = out;
    }
    if (!projects) {
      return new Residual(branch.build());
    }
    return Sequential.builder()
        .add("bn0", norm(in, options))
        .add("relu0", Activation.relu())
        .add("residual", new Residual(branch.build(), conv(in, out, 1, stride)))
        .build();
  }

  private static BatchNorm norm(int channels, Options options) {
    return new BatchNorm(channels, BatchNormConfig.PYTORCH.withGammaInit(options.bnGammaInit.init));
  }

  private static Conv2d conv(int in, int out, int kernel, int stride) {
    return new Conv2d(
        in,
        out,
        ConvConfig.kernel(kernel)
            .withStride(stride)
            .withPadding(kernel / 2)
            .withoutBias()
            .withInit(Init.kaimingNormal(Fan.IN, Gain.RELU)));
  }

  /**
   * Returns our path of each tensor and its name in the authors' PyTorch code, where convolutions
   * are bare tensors and a projection is called {@code convdim}: {@code group0.block0.conv0},
   * {@code group0.block0.bn0.weight}.
   */
  public static Map<String, String> publishedNames(Module model) {
    Map<String, String> names = new LinkedHashMap<>();
    for (String path : model.state().keySet()) {
      String name =
          path.replaceAll("(^|\\.)residual\\.", "$1")
              .replaceAll("(^|\\.)branch\\.", "$1")
              .replaceAll("(^|\\.)shortcut\\.weight$", "$1convdim");
      names.put(path, name.replaceAll("(conv\\d+)\\.weight$", "$1"));
    }
    return names;
  }
}
