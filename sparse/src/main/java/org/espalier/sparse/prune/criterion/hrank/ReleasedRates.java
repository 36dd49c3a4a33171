package org.espalier.sparse.prune.criterion.hrank;

/** Lists the rates that the authors published (HRank, sheet 08, section 2.6). */
public enum ReleasedRates {
  /** VGG-16 with batch norm; the released script ignores the thirteenth rate. */
  VGG_16("[0.95]+[0.5]*6+[0.9]*4+[0.8]*2"),
  /** ResNet-56 for CIFAR: stem, then both convolutions of each block. */
  RESNET_56(
      "[0.1]+[0.60]*35+[0.0]*2+[0.6]*6+[0.4]*3+[0.1]+[0.4]+[0.1]+[0.4]+[0.1]+[0.4]+[0.1]+[0.4]"),
  /** ResNet-110 for CIFAR. */
  RESNET_110("[0.1]+[0.40]*36+[0.40]*36+[0.4]*36"),
  /** DenseNet-40: stem, then three times twelve layers with a transition between. */
  DENSENET_40("[0.0]+[0.1]*6+[0.7]*6+[0.0]+[0.1]*6+[0.7]*6+[0.0]+[0.1]*6+[0.7]*5+[0.0]"),
  /** GoogLeNet, a rate for each inception module; there is no such model here. */
  GOOGLENET("[0.10]+[0.8]*5+[0.85]+[0.8]*3"),
  /**
   * ResNet-50 for ImageNet: stem, three a bottleneck and one more for a stage's first shortcut
   * (reconstructed from the counts).
   */
  RESNET_50("[0.2]+[0.8]*10+[0.8]*13+[0.55]*19+[0.45]*10");

  private final String text;

  ReleasedRates(String text) {
    this.text = text;
  }

  /** Returns the rates. */
  public CompressRates rates() {
    return CompressRates.parse(text);
  }
}
