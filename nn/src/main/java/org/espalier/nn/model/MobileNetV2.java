package org.espalier.nn.model;

import org.espalier.nn.Fan;
import org.espalier.nn.Gain;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Dropout;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;

/**
 * MobileNetV2 (Sandler et al., CVPR 2018): inverted residuals, 1x1 expand, depthwise 3x3, 1x1
 * project, batch norm behind each and ReLU6 behind the first two. Paths: {@code stem.conv}, {@code
 * features.B.expand}, {@code features.B.branch.expand} where a shortcut carries the input, {@code
 * last.conv}, {@code classifier}.
 */
public final class MobileNetV2 {
  /** Expansion, width, repeats and stride of the first block of each row of the paper's table. */
  private static final int[][] ROWS = {
    {1, 16, 1, 1},
    {6, 24, 2, 2},
    {6, 32, 3, 2},
    {6, 64, 4, 2},
    {6, 96, 3, 1},
    {6, 160, 3, 2},
    {6, 320, 1, 1}
  };

  private static final int STEM = 32;
  private static final int LAST = 1280;

  private MobileNetV2() {}

  /** Returns the network for 32x32 images: the stem and the 24-wide row have stride 1. */
  public static Sequential cifar(int channels, int classes) {
    return build(channels, classes, 1, 1);
  }

  /** Returns the network for 224x224 images. */
  public static Sequential imagenet(int channels, int classes) {
    return build(channels, classes, 2, 2);
  }

  private static Sequential build(int channels, int classes, int stemStride, int secondStride) {
    Sequential.Builder features = Sequential.builder();
    int in = STEM;
    int number = 0;
    for (int r = 0; r < ROWS.length; r++) {
      int[] row = ROWS[r];
      int first = r == 1 ? secondStride : row[3];
      for (int i = 0; i < row[2]; i++, number++) {
        features.add(String.valueOf(number), block(in, row[0], row[1], i == 0 ? first : 1));
        in = row[1];
      }
    }
    return Sequential.builder()
        .add("stem", unit(channels, STEM, 3, stemStride))
        .add("features", features.build())
        .add("last", unit(in, LAST, 1, 1))
        .add("pool", new GlobalAveragePool())
        .add("dropout", new Dropout(0.2))
        .add("classifier", new Linear(LAST, classes, Init.normal(0, 0.01), Init.constant(0)))
        .build();
  }

  private static Sequential unit(int in, int out, int kernel, int stride) {
    return Sequential.builder()
        .add("conv", conv(in, out, kernel, stride, 1))
        .add("bn", new BatchNorm(out))
        .add("relu", Activation.relu6())
        .build();
  }

  private static Module block(int in, int expansion, int out, int stride) {
    Sequential.Builder branch = Sequential.builder();
    int inner = in * expansion;
    if (expansion > 1) {
      branch
          .add("expand", conv(in, inner, 1, 1, 1))
          .add("bn0", new BatchNorm(inner))
          .add("relu0", Activation.relu6());
    }
    Sequential built =
        branch
            .add("depthwise", conv(inner, inner, 3, stride, inner))
            .add("bn1", new BatchNorm(inner))
            .add("relu1", Activation.relu6())
            .add("project", conv(inner, out, 1, 1, 1))
            .add("bn2", new BatchNorm(out))
            .build();
    return stride == 1 && in == out ? new Residual(built) : built;
  }

  private static Conv2d conv(int in, int out, int kernel, int stride, int groups) {
    return new Conv2d(
        in,
        out,
        ConvConfig.kernel(kernel)
            .withStride(stride)
            .withPadding(kernel / 2)
            .withGroups(groups)
            .withoutBias()
            .withInit(Init.kaimingNormal(Fan.OUT, Gain.RELU)));
  }
}
