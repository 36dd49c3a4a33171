package org.espalier.nn.model;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Concat;
import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Identity;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;

/**
 * Densely connected networks for CIFAR (Huang et al., CVPR 2017): each layer adds k channels to all
 * before it. Paths: {@code stem}, {@code blockB.layerL.new.conv}, {@code transitionB.conv}, {@code
 * fc}.
 */
public final class DenseNet {
  private final int growth;
  private final boolean bottleneck;
  private final Map<String, Module> parts = new LinkedHashMap<>();
  private int channels;

  private DenseNet(int growth, boolean bottleneck) {
    this.growth = growth;
    this.bottleneck = bottleneck;
  }

  /**
   * Returns the plain network: stem 24 channels, three blocks of (depth - 4)/3 layers
   * BN-ReLU-conv3x3(k), transitions that keep their width.
   *
   * @param depth {@code 3n + 4}, 40 in the paper
   * @param growth k, channels each layer adds
   */
  public static Sequential plain(int depth, int growth, int channels, int classes) {
    if (depth < 7 || (depth - 4) % 3 != 0) {
      throw new IllegalArgumentException("densenet: the depth is 3n + 4 with n >= 1, got " + depth);
    }
    return new DenseNet(growth, false).build(24, (depth - 4) / 3, channels, classes);
  }

  /**
   * Returns DenseNet-BC: stem 2k channels, three blocks of (depth - 4)/6 layers
   * BN-ReLU-conv1x1(4k)-BN-ReLU-conv3x3(k), transitions that halve the width.
   *
   * @param depth {@code 6n + 4}, 100 in the paper
   * @param growth k, channels each layer adds
   */
  public static Sequential bottleneck(int depth, int growth, int channels, int classes) {
    if (depth < 10 || (depth - 4) % 6 != 0) {
      throw new IllegalArgumentException(
          "densenet-bc: the depth is 6n + 4 with n >= 1, got " + depth);
    }
    return new DenseNet(growth, true).build(2 * growth, (depth - 4) / 6, channels, classes);
  }

  private Sequential build(int stem, int layers, int inputChannels, int classes) {
    if (growth < 1) {
      throw new IllegalArgumentException("densenet: the growth must be at least 1, got " + growth);
    }
    parts.put("stem", conv(inputChannels, stem, 3));
    channels = stem;
    for (int b = 0; b < 3; b++) {
      parts.put("block" + b, block(layers));
      if (b < 2) {
        parts.put("transition" + b, transition());
      }
    }
    parts.put("bn", new BatchNorm(channels));
    parts.put("relu", Activation.relu());
    parts.put("pool", new GlobalAveragePool());
    parts.put("fc", new Linear(channels, classes));
    return new Sequential(parts);
  }

  private Sequential block(int layers) {
    Sequential.Builder block = Sequential.builder();
    for (int i = 0; i < layers; i++) {
      Map<String, Module> joined = new LinkedHashMap<>();
      joined.put("old", new Identity());
      joined.put("new", layer());
      block.add("layer" + i, new Concat(joined));
      channels += growth;
    }
    return block.build();
  }

  private Sequential layer() {
    Sequential.Builder layer = Sequential.builder();
    int in = channels;
    if (bottleneck) {
      layer
          .add("bn0", new BatchNorm(in))
          .add("relu0", Activation.relu())
          .add("conv0", conv(in, 4 * growth, 1));
      in = 4 * growth;
    }
    return layer
        .add("bn", new BatchNorm(in))
        .add("relu", Activation.relu())
        .add("conv", conv(in, growth, 3))
        .build();
  }

  private Sequential transition() {
    int width = bottleneck ? channels / 2 : channels;
    Sequential transition =
        Sequential.builder()
            .add("bn", new BatchNorm(channels))
            .add("relu", Activation.relu())
            .add("conv", conv(channels, width, 1))
            .add("pool", new AveragePool(2))
            .build();
    channels = width;
    return transition;
  }

  private static Conv2d conv(int in, int out, int kernel) {
    return new Conv2d(
        in,
        out,
        ConvConfig.kernel(kernel)
            .withPadding(kernel / 2)
            .withoutBias()
            .withInit(Init.kaimingNormal(Fan.IN, Gain.RELU)));
  }
}
