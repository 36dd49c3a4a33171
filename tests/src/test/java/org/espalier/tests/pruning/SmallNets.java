package org.espalier.tests.pruning;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Concat;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.ChannelShuffle;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Gather;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.layer.PRelu;
import org.espalier.nn.layer.SqueezeExcite;

/** Makes nets for pictures {@code [8, 8, 3]} of five classes, each with one thing hard to cut. */
final class SmallNets {
  static final List<String> NAMES =
      List.of(
          "grouped",
          "depthwise",
          "multiplier",
          "shared",
          "concat",
          "dense",
          "shuffle",
          "gather",
          "gate",
          "flatten",
          "bottleneck");

  private SmallNets() {}

  static Module of(String name) {
    Sequential.Builder net = Sequential.builder().add("stem", block(3, 8, 1));
    switch (name) {
      case "grouped" ->
          net.add("a", block(8, 12, 4)).add("b", block(12, 6, 2)).add("c", block(6, 5, 1));
      case "depthwise" -> net.add("a", block(8, 8, 8)).add("b", block(8, 5, 1));
      case "multiplier" -> net.add("a", block(8, 16, 8)).add("b", block(16, 5, 1));
      case "shared" -> shared(net);
      case "concat" ->
          net.add("a", concat(block(8, 4, 1), block(8, 6, 1))).add("b", block(10, 5, 1));
      case "dense" ->
          net.add("a", concat(new Identity(), block(8, 4, 1)))
              .add("b", concat(new Identity(), block(12, 3, 1)))
              .add("c", block(15, 5, 1));
      case "shuffle" ->
          net.add("a", block(8, 8, 2))
              .add("shuffle", new ChannelShuffle(2))
              .add("b", block(8, 8, 2))
              .add("c", block(8, 5, 1));
      case "gather" ->
          net.add("a", block(8, 8, 1))
              .add("shuffle", Gather.shuffle(8, 2))
              .add("b", block(8, 8, 8))
              .add("c", block(8, 5, 1));
      case "gate" ->
          net.add("a", SqueezeExcite.of(8, 4, Activation.sigmoid())).add("b", block(8, 5, 1));
      case "flatten" ->
          net.add("a", new PRelu(8)).add("flatten", new Flatten()).add("fc", new Linear(8 * 64, 5));
      case "bottleneck" ->
          net.add("a", bottleneck(8, 12)).add("b", bottleneck(12, 12)).add("c", block(12, 5, 1));
      default -> throw new IllegalArgumentException(name);
    }
    return name.equals("flatten")
        ? net.build()
        : net.add("pool", new GlobalAveragePool()).add("head", new Linear(5, 5)).build();
  }

  private static void shared(Sequential.Builder net) {
    Module twice = block(8, 8, 1);
    net.add("a", twice).add("b", twice).add("c", block(8, 5, 1));
  }

  private static Module block(int in, int out, int groups) {
    return Sequential.builder()
        .add("conv", new Conv2d(in, out, ConvConfig.kernel(3).withPadding(1).withGroups(groups)))
        .add("bn", new BatchNorm(out))
        .add("relu", Activation.relu())
        .build();
  }

  /** Returns a block of three convolutions, with a projection where the widths differ. */
  private static Module bottleneck(int in, int out) {
    Sequential branch =
        Sequential.builder()
            .add("reduce", new Conv2d(in, 4, ConvConfig.kernel(1).withoutBias()))
            .add("bn1", new BatchNorm(4))
            .add("relu1", Activation.relu())
            .add("middle", block(4, 6, 1))
            .add("expand", new Conv2d(6, out, ConvConfig.kernel(1).withoutBias()))
            .add("bn3", new BatchNorm(out))
            .build();
    Module projection = in == out ? null : new Conv2d(in, out, ConvConfig.kernel(1).withoutBias());
    return new Residual(branch, projection);
  }

  private static Concat concat(Module... parts) {
    Map<String, Module> children = new LinkedHashMap<>();
    for (Module part : parts) {
      children.put("part" + children.size(), part);
    }
    return new Concat(children);
  }
}
