package org.espalier.sparse.prune.criterion.filter;

import org.espalier.nn.Module;
import org.espalier.nn.model.Models;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.Widths;
import org.espalier.tensor.Shape;

/**
 * Names the pruned networks of "Pruning Filters for Efficient ConvNets" (Li et al., ICLR 2017,
 * table 1). Their multiply-accumulates are met exactly.
 */
public enum PublishedConfiguration {
  /** VGG-16 on CIFAR-10: half of the filters of layers 1 and 8 to 13. */
  VGG_16_A("vgg16-hidden", 32, 10, null),
  /** ResNet-56 on CIFAR-10: 10 % of each block's first convolution but four. */
  RESNET_56_A("resnet56", 32, 10, StagePlan.of(0.1, 0.1, 0.1).skipping(16, 20, 38, 54)),
  /** ResNet-56 on CIFAR-10: 60, 30 and 10 %. */
  RESNET_56_B("resnet56", 32, 10, StagePlan.of(0.6, 0.3, 0.1).skipping(16, 18, 20, 34, 38, 54)),
  /** ResNet-110 on CIFAR-10: 50 % in the first stage. */
  RESNET_110_A("resnet110", 32, 10, StagePlan.of(0.5, 0, 0).skipping(36)),
  /** ResNet-110 on CIFAR-10: 50, 40 and 30 %. */
  RESNET_110_B("resnet110", 32, 10, StagePlan.of(0.5, 0.4, 0.3).skipping(36, 38, 74)),
  /** ResNet-34 on ImageNet: 30 % in the first three stages. */
  RESNET_34_A("resnet34", 224, 1000, resnet34(0.3, 0.3, 0.3)),
  /** ResNet-34 on ImageNet: 50, 60 and 40 %. */
  RESNET_34_B("resnet34", 224, 1000, resnet34(0.5, 0.6, 0.4));

  private final String model;
  private final int side;
  private final int classes;
  private final StagePlan stages;

  PublishedConfiguration(String model, int side, int classes, StagePlan stages) {
    this.model = model;
    this.side = side;
    this.classes = classes;
    this.stages = stages;
  }

  private static StagePlan resnet34(double first, double second, double third) {
    return StagePlan.of(first, second, third, 0).skipping(2, 8, 14, 16, 26, 28, 30, 32);
  }

  /** Returns the name of the dense network, as {@link Models#byName} knows it. */
  public String modelName() {
    return model;
  }

  /** Returns the shape of one image. */
  public Shape sampleShape() {
    return Shape.of(side, side, 3);
  }

  /** Returns the dense network, without values. */
  public Module dense() {
    return Models.byName(model, sampleShape(), classes);
  }

  /** Returns how many filters go, on the graph of such a network of any number of classes. */
  public Amount amount(ChannelGraph graph) {
    if (stages != null) {
      return stages.ratios(graph);
    }
    Widths widths = Widths.of("features.conv0", 32);
    for (int layer = 7; layer <= 12; layer++) {
      widths = widths.with(256, "features.conv" + layer);
    }
    return widths;
  }

  /** Returns the pruner of the paper. */
  public Pruner pruner(ChannelGraph graph) {
    return FilterPruning.greedy().pruner(amount(graph));
  }
}
