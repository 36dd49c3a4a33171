package org.espalier.nn.model;

import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Init;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.AdaptivePool;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Dropout;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;

/**
 * VGG networks with batch norm (Simonyan and Zisserman, ICLR 2015): five stages of 3x3
 * convolutions, 64, 128, 256, 512 and 512 wide. Children are {@code features} ({@code conv0},
 * {@code bn0}, ..., {@code pool0}, ...) and {@code classifier}.
 */
public final class Vgg {
  private static final int[] WIDTHS = {64, 128, 256, 512, 512};

  /** Says what follows the convolutions of the CIFAR network. */
  public enum Head {
    /** One linear layer 512 to classes. */
    ONE_LINEAR,
    /** Linear 512-512, batch norm, ReLU, linear 512 to classes. */
    HIDDEN_LINEAR
  }

  private Vgg() {}

  /**
   * Returns the CIFAR network: four max pools, the last map averaged.
   *
   * @param depth 16 or 19
   * @param convBias whether convolutions have a bias
   */
  public static Sequential cifar(
      int depth, int channels, int classes, Head head, boolean convBias) {
    Sequential.Builder features = Sequential.builder();
    int width = stages(features, depth, channels, convBias, 4);
    features.add("pool4", new GlobalAveragePool());
    Sequential.Builder classifier = Sequential.builder();
    if (head == Head.HIDDEN_LINEAR) {
      classifier
          .add("fc1", new Linear(width, 512))
          .add("bn1", new BatchNorm(512))
          .add("relu1", Activation.relu())
          .add("fc2", new Linear(512, classes));
    } else {
      classifier.add("fc", new Linear(width, classes));
    }
    return Sequential.builder()
        .add("features", features.build())
        .add("classifier", classifier.build())
        .build();
  }

  /** Returns the CIFAR network for colour images with one linear layer and convolution biases. */
  public static Sequential cifar(int depth, int classes) {
    return cifar(depth, 3, classes, Head.ONE_LINEAR, true);
  }

  /**
   * Returns the ImageNet network: five max pools, a 7x7 map, linear 25088-4096-4096-classes with
   * dropout 0.5; convolutions have a bias.
   *
   * @param depth 16 or 19
   */
  public static Sequential imagenet(int depth, int channels, int classes) {
    Sequential.Builder features = Sequential.builder();
    int width = stages(features, depth, channels, true, 5);
    Sequential classifier =
        Sequential.builder()
            .add("pool", AdaptivePool.average(7, 7))
            .add("flatten", new Flatten())
            .add("fc1", new Linear(width * 49, 4096))
            .add("relu1", Activation.relu())
            .add("dropout1", new Dropout(0.5))
            .add("fc2", new Linear(4096, 4096))
            .add("relu2", Activation.relu())
            .add("dropout2", new Dropout(0.5))
            .add("fc3", new Linear(4096, classes))
            .build();
    return Sequential.builder()
        .add("features", features.build())
        .add("classifier", classifier)
        .build();
  }

  private static int stages(
      Sequential.Builder net, int depth, int channels, boolean bias, int pools) {
    int[] convolutions =
        switch (depth) {
          case 16 -> new int[] {2, 2, 3, 3, 3};
          case 19 -> new int[] {2, 2, 4, 4, 4};
          default -> throw new IllegalArgumentException("vgg: depths are 16 and 19, got " + depth);
        };
    int in = channels;
    int number = 0;
    for (int stage = 0; stage < WIDTHS.length; stage++) {
      for (int i = 0; i < convolutions[stage]; i++, number++) {
        ConvConfig config =
            ConvConfig.kernel(3)
                .withPadding(1)
                .withBias(bias)
                .withInit(Init.kaimingNormal(Fan.OUT, Gain.RELU));
        net.add("conv" + number, new Conv2d(in, WIDTHS[stage], config))
            .add("bn" + number, new BatchNorm(WIDTHS[stage]))
            .add("relu" + number, Activation.relu());
        in = WIDTHS[stage];
      }
      if (stage < pools) {
        net.add("pool" + stage, new MaxPool(2));
      }
    }
    return in;
  }
}
