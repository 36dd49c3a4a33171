package org.espalier.tensor.internal;

import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.ConvGeometry;
import org.espalier.tensor.kernel.Density;
import org.espalier.tensor.kernel.SparseMode;

/**
 * Decides by shape and density whether a frozen weight is multiplied without its zeros.
 *
 * <p>The densities are constants that benchmarks measured (the performance document, sparse
 * weights), a quarter below those at which both ways took the same time; never timed at run time:
 * else two runs would differ in bits.
 */
final class SparseChoice {
  /** Fewest elements of a weight: a smaller one costs nothing either way. */
  private static final int SMALLEST = 1024;

  /** Channels on the narrower side from which on Winograd's products outweigh its transforms. */
  private static final int MIDDLE = 32;

  /** Channels from which on turning activations is a small part of a product. */
  private static final int WIDE = 128;

  /** Outputs of a channel below which most lanes of a vector compute nothing. */
  private static final int FEW_OUTPUTS = 16;

  private static final double SCALAR = 0.25;
  private static final double ONE_ROW = 0.15;
  private static final double FEW_ROWS = 0.1;
  private static final double NARROW_PRODUCT = 0.05;
  private static final double WIDE_PRODUCT = 0.2;
  private static final double FEW_PIXELS = 0.1;
  private static final double DIRECT = 0.2;
  private static final double NARROW_WINOGRAD = 0.25;
  private static final double MIDDLE_WINOGRAD = 0.15;
  private static final double WIDE_WINOGRAD = 0.1;

  private final SparseMode mode;
  private final boolean vectors;

  private SparseChoice(SparseMode mode, boolean vectors) {
    this.mode = mode;
    this.vectors = vectors;
  }

  /** Returns the choice of the vector kernels, which transform convolutions where that pays. */
  static SparseChoice vector(SparseMode mode) {
    return new SparseChoice(mode, true);
  }

  /** Returns the choice of the plain loops. */
  static SparseChoice scalar(SparseMode mode) {
    return new SparseChoice(mode, false);
  }

  /** Tells whether the zeros of a weight are left out; of one that may change they never are. */
  boolean serves(ConvGeometry g, Tensor weight) {
    if (mode == SparseMode.NEVER || weight.prepacked() == null || !SparseConv.serves(g)) {
      return false;
    }
    return mode == SparseMode.ALWAYS
        || weight.count() >= SMALLEST && Density.of(weight).share() <= mostDense(g);
  }

  /** Returns the density up to which leaving out zeros takes less time. */
  double mostDense(ConvGeometry g) {
    if (!vectors) {
      return SCALAR;
    }
    int outputs = g.batch() * g.outHeight() * g.outWidth();
    int narrow = Math.min(g.inChannels(), g.outChannels());
    if (g.isPointwise()) {
      return SparseConv.isFew(outputs)
          ? ONE_ROW / outputs
          : outputs < FEW_OUTPUTS ? FEW_ROWS : narrow < WIDE ? NARROW_PRODUCT : WIDE_PRODUCT;
    }
    if (outputs < FEW_OUTPUTS) {
      return FEW_PIXELS;
    }
    if (!VectorWinogradChoice.serves(g, true)) {
      return DIRECT;
    }
    return narrow < MIDDLE ? NARROW_WINOGRAD : narrow < WIDE ? MIDDLE_WINOGRAD : WIDE_WINOGRAD;
  }
}
