package org.espalier.nn.model;

import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.MaxPool;

/**
 * Small networks of the LeNet kind (LeCun et al., Proc. IEEE 1998), in the forms whose costs the
 * structured-pruning reference lists, with ReLU and max pooling, and the network of the MNIST
 * checkpoint. Tensors are called as in PyTorch codes: {@code conv1}, {@code conv2}, {@code fc1},
 * ...; columns of the first linear layer follow the channels-last order.
 */
public final class LeNet {
  private LeNet() {}

  /** Returns conv5x5(6), conv5x5(16), linear 120-84-classes, for images of height x width. */
  public static Sequential lenet5(int height, int width, int channels, int classes) {
    return stem(channels, 6, 16)
        .add("fc1", new Linear(flat(height, width, 16), 120))
        .add("relu3", Activation.relu())
        .add("fc2", new Linear(120, 84))
        .add("relu4", Activation.relu())
        .add("fc3", new Linear(84, classes))
        .build();
  }

  /** Returns conv5x5(20), conv5x5(50), linear 500-classes, for images of height x width. */
  public static Sequential caffe(int height, int width, int channels, int classes) {
    return stem(channels, 20, 50)
        .add("fc1", new Linear(flat(height, width, 50), 500))
        .add("relu3", Activation.relu())
        .add("fc2", new Linear(500, classes))
        .build();
  }

  /**
   * Returns conv3x3(8), conv3x3(16), conv3x3(24), batch norm, linear 32-classes and a batch norm of
   * the logits, without padding and pooling, for images of height x width.
   */
  public static Sequential mnistCnn(int height, int width, int channels, int classes) {
    if (height < 7 || width < 7) {
      throw new IllegalArgumentException(
          "mnist_cnn: three 3x3 convolutions need images of at least 7x7, got "
              + height
              + "x"
              + width);
    }
    return Sequential.builder()
        .add("conv1", new Conv2d(channels, 8, 3))
        .add("relu1", Activation.relu())
        .add("conv2", new Conv2d(8, 16, 3))
        .add("relu2", Activation.relu())
        .add("conv3", new Conv2d(16, 24, 3))
        .add("relu3", Activation.relu())
        .add("norm1", new BatchNorm(24))
        .add("flatten", new Flatten())
        .add("fc1", new Linear((height - 6) * (width - 6) * 24, 32))
        .add("relu4", Activation.relu())
        .add("fc2", new Linear(32, classes))
        .add("norm2", new BatchNorm(classes))
        .build();
  }

  private static Sequential.Builder stem(int channels, int first, int second) {
    return Sequential.builder()
        .add("conv1", new Conv2d(channels, first, 5))
        .add("relu1", Activation.relu())
        .add("pool1", new MaxPool(2))
        .add("conv2", new Conv2d(first, second, 5))
        .add("relu2", Activation.relu())
        .add("pool2", new MaxPool(2))
        .add("flatten", new Flatten());
  }

  private static int flat(int height, int width, int channels) {
    int rows = ((height - 4) / 2 - 4) / 2;
    int columns = ((width - 4) / 2 - 4) / 2;
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "lenet: two 5x5 convolutions and pools need images of at least 16x16, got "
              + height
              + "x"
              + width);
    }
    return rows * columns * channels;
  }
}
