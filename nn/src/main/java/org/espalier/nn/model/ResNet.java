package org.espalier.nn.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.op.PoolOptions;
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
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;
import org.espalier.nn.layer.OptionAShortcut;

/**
 * Residual networks (He et al., CVPR 2016): the CIFAR family of section 4.2 and the ImageNet family
 * of table 1. Convolutions have no bias and are drawn from {@code N(0, √(2/fan_out))}.
 *
 * <p>Paths: {@code conv1}, {@code bn1}, {@code layerS.B.branch.conv1}, {@code layerS.B.shortcut.0},
 * and the ReLU behind block B is {@code layerS.reluB}; {@link #pytorchNames} maps them to
 * PyTorch's.
 */
public final class ResNet {
  private static final BatchNormConfig NORM = BatchNormConfig.PYTORCH;

  /** Says how a shortcut changes size. */
  public enum Shortcut {
    /** Every second pixel, zero channels half in front and half behind; no weights. */
    OPTION_A,
    /** Every second pixel, zero channels behind; no weights. */
    OPTION_A_ZEROS_BEHIND,
    /** 1x1 convolution and batch norm. */
    OPTION_B
  }

  private ResNet() {}

  /** Returns the CIFAR network for colour images, with shortcuts without weights. */
  public static Sequential cifar(int depth, int classes) {
    return cifar(depth, classes, Shortcut.OPTION_A);
  }

  /** Returns the CIFAR network for colour images. */
  public static Sequential cifar(int depth, int classes, Shortcut shortcut) {
    return cifar(depth, 3, classes, shortcut, false);
  }

  /**
   * Returns the CIFAR network: conv3x3 to 16, three stages of n basic blocks of widths 16, 32, 64,
   * global average pool, linear.
   *
   * @param depth {@code 6n + 2}: 20, 32, 44, 56, 110
   * @param zeroInitResidual whether the last gamma of each block starts at 0
   */
  public static Sequential cifar(
      int depth, int channels, int classes, Shortcut shortcut, boolean zeroInitResidual) {
    if (depth < 8 || (depth - 2) % 6 != 0) {
      throw new IllegalArgumentException(
          "resnet: a CIFAR depth is 6n + 2 (20, 32, 44, 56, 110), got " + depth);
    }
    Builder net = new Builder(false, shortcut, zeroInitResidual);
    net.add("conv1", conv(channels, 16, 3, 1));
    net.add("bn1", new BatchNorm(16));
    net.add("relu", Activation.relu());
    net.channels = 16;
    int blocks = (depth - 2) / 6;
    for (int stage = 0; stage < 3; stage++) {
      net.stage(stage, blocks, 16 << stage);
    }
    return net.head("linear", classes);
  }

  /** Returns the ImageNet network for colour images. */
  public static Sequential imagenet(int depth, int classes) {
    return imagenet(depth, 3, classes, 64, false);
  }

  /**
   * Returns the ImageNet network: conv7x7 stride 2 to 64, max pool, four stages, global average
   * pool, linear; the stride is in the 3x3 convolution.
   *
   * @param depth 18 or 34 (basic blocks), 50, 101 or 152 (bottlenecks)
   * @param bottleneckWidth inner channels of the first bottleneck stage: 64, or 128 for the wide
   *     network of sheet 14, section 5
   */
  public static Sequential imagenet(
      int depth, int channels, int classes, int bottleneckWidth, boolean zeroInitResidual) {
    int[] blocks = imagenetBlocks(depth);
    Builder net = new Builder(depth >= 50, Shortcut.OPTION_B, zeroInitResidual);
    net.innerWidth = bottleneckWidth;
    net.add("conv1", conv(channels, 64, 7, 2));
    net.add("bn1", new BatchNorm(64));
    net.add("relu", Activation.relu());
    net.add("maxpool", new MaxPool(PoolOptions.kernel(3).withStride(2).withPadding(1)));
    net.channels = 64;
    for (int stage = 0; stage < 4; stage++) {
      net.stage(stage, blocks[stage], 64 << stage);
    }
    return net.head("fc", classes);
  }

  private static int[] imagenetBlocks(int depth) {
    return switch (depth) {
      case 18 -> new int[] {2, 2, 2, 2};
      case 34, 50 -> new int[] {3, 4, 6, 3};
      case 101 -> new int[] {3, 4, 23, 3};
      case 152 -> new int[] {3, 8, 36, 3};
      default ->
          throw new IllegalArgumentException(
              "resnet: ImageNet depths are 18, 34, 50, 101 and 152, got " + depth);
    };
  }

  /**
   * Returns our path of each tensor and PyTorch's name of it: {@code layer2.0.conv1.weight}; what
   * has no counterpart (channel numbers of shortcuts without weights) is left out. Projections are
   * called {@code shortcut} in CIFAR codes and {@code downsample} in torchvision.
   */
  public static Map<String, String> pytorchNames(Module model) {
    boolean imagenet = model.children().containsKey("maxpool");
    Map<String, String> names = new LinkedHashMap<>();
    for (String path : model.state().keySet()) {
      if (!path.endsWith(".index")) {
        String name = path.replace(".branch.", ".");
        names.put(path, imagenet ? name.replace(".shortcut.", ".downsample.") : name);
      }
    }
    return names;
  }

  private static Conv2d conv(int in, int out, int kernel, int stride) {
    return new Conv2d(
        in,
        out,
        ConvConfig.kernel(kernel)
            .withStride(stride)
            .withPadding(kernel / 2)
            .withoutBias()
            .withInit(Init.kaimingNormal(Fan.OUT, Gain.RELU)));
  }

  /** Collects the parts and knows how wide the stream is. */
  private static final class Builder {
    private final boolean bottleneck;
    private final Shortcut shortcut;
    private final BatchNormConfig lastNorm;
    private final Map<String, Module> parts = new LinkedHashMap<>();
    private int channels;
    private int innerWidth;

    Builder(boolean bottleneck, Shortcut shortcut, boolean zeroInitResidual) {
      this.bottleneck = bottleneck;
      this.shortcut = shortcut;
      this.lastNorm = zeroInitResidual ? NORM.withGammaInit(Init.constant(0)) : NORM;
    }

    void add(String name, Module module) {
      parts.put(name, module);
    }

    /** Adds a stage; all but the first halve space in their first block. */
    void stage(int number, int blocks, int width) {
      Sequential.Builder stage = Sequential.builder();
      for (int b = 0; b < blocks; b++) {
        int stride = b == 0 && number > 0 ? 2 : 1;
        Module block =
            bottleneck ? bottleneck(innerWidth << number, 4 * width, stride) : basic(width, stride);
        stage.add(String.valueOf(b), block).add("relu" + b, Activation.relu());
      }
      add("layer" + (number + 1), stage.build());
    }

    private Module basic(int width, int stride) {
      Sequential branch =
          Sequential.builder()
              .add("conv1", conv(channels, width, 3, stride))
              .add("bn1", new BatchNorm(width))
              .add("relu1", Activation.relu())
              .add("conv2", conv(width, width, 3, 1))
              .add("bn2", new BatchNorm(width, lastNorm))
              .build();
      return joined(branch, width, stride);
    }

    private Module bottleneck(int inner, int width, int stride) {
      Sequential branch =
          Sequential.builder()
              .add("conv1", conv(channels, inner, 1, 1))
              .add("bn1", new BatchNorm(inner))
              .add("relu1", Activation.relu())
              .add("conv2", conv(inner, inner, 3, stride))
              .add("bn2", new BatchNorm(inner))
              .add("relu2", Activation.relu())
              .add("conv3", conv(inner, width, 1, 1))
              .add("bn3", new BatchNorm(width, lastNorm))
              .build();
      return joined(branch, width, stride);
    }

    private Module joined(Sequential branch, int width, int stride) {
      Module carried = stride == 1 && channels == width ? null : projection(width, stride);
      channels = width;
      return new Residual(branch, carried);
    }

    private Module projection(int width, int stride) {
      return switch (shortcut) {
        case OPTION_A -> new OptionAShortcut(channels, width, stride);
        case OPTION_A_ZEROS_BEHIND ->
            new OptionAShortcut(channels, width, stride, OptionAShortcut.Zeros.BEHIND, 1);
        case OPTION_B -> Sequential.of(conv(channels, width, 1, stride), new BatchNorm(width));
      };
    }

    Sequential head(String name, int classes) {
      add("pool", new GlobalAveragePool());
      add(name, new Linear(channels, classes));
      return new Sequential(parts);
    }
  }
}
