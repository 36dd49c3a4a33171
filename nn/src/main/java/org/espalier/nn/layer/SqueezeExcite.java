package org.espalier.nn.layer;

import org.espalier.nn.Identity;
import org.espalier.nn.Product;
import org.espalier.nn.Sequential;

/**
 * Composes squeeze-and-excite (Hu et al., CVPR 2018; layers reference, section 7): {@code s =
 * gate(W2 relu(W1 mean(x) + b1) + b2)}, {@code y = x·s} a channel.
 */
public final class SqueezeExcite {
  private SqueezeExcite() {}

  /**
   * Returns the block; its gate has children {@code pool}, {@code reduce}, {@code relu}, {@code
   * expand} and {@code gate}.
   *
   * @param reduced channels between the two linear layers
   * @param gate sigmoid, hard_sigmoid or clamp(0, 1)
   */
  public static Product of(int channels, int reduced, Activation gate) {
    return new Product(
        new Identity(),
        Sequential.builder()
            .add("pool", new GlobalAveragePool())
            .add("reduce", new Linear(channels, reduced))
            .add("relu", Activation.relu())
            .add("expand", new Linear(reduced, channels))
            .add("gate", gate)
            .build());
  }
}
