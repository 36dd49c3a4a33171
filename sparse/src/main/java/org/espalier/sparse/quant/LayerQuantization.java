package org.espalier.sparse.quant;

import org.espalier.sparse.quant.QuantizationPoints.Layer;

/**
 * Says what a technique attaches to one layer with a weight. {@link QuantizationAwareTraining} asks
 * it for every layer of a model.
 */
@FunctionalInterface
public interface LayerQuantization {
  /** Attaches parametrizations to the layer's weight, its input or its output. */
  void attach(Layer layer);

  /** Returns what rounds weights and values to steps of learned size (Q2). */
  static LayerQuantization learnedSteps(int bits, boolean perFilter) {
    return layer -> {
      int axis = perFilter ? 0 : AffineQuantizer.PER_TENSOR;
      layer.weight().attach(LearnedStepSize.ofWeight(layer.weight(), bits, axis));
      layer.module().input().attach(LearnedStepSize.ofValues(bits));
    };
  }

  /** Returns what makes weights binary and leaves values alone (Q3). */
  static LayerQuantization binaryConnect(boolean stochastic) {
    return layer -> layer.weight().attach(new BinaryConnect(stochastic));
  }

  /** Returns what makes weights and values +1 and -1, without factors (Q3). */
  static LayerQuantization binary() {
    return layer -> {
      layer.weight().attach(new BinaryConnect(false));
      layer.module().input().attach(new BinaryValues());
    };
  }

  /** Returns what makes weights binary up to a factor a filter and leaves values alone (Q4). */
  static LayerQuantization scaledBinary(boolean centered) {
    return layer -> layer.weight().attach(new ScaledBinaryWeight(centered));
  }

  /**
   * Returns what makes weights and values binary, with factors of filters and of inputs (Q4).
   * Layers whose bias the latter would scale get binary values without.
   */
  static LayerQuantization xnor(boolean centered) {
    return layer -> {
      layer.weight().attach(new ScaledBinaryWeight(centered));
      if (ScaledBinaryValues.fits(layer.module())) {
        ScaledBinaryValues.attach(layer.module());
      } else {
        layer.module().input().attach(new BinaryValues());
      }
    };
  }

  /**
   * Returns what DoReFa does (Q5).
   *
   * @param gradientBits 32 for gradients that stay as they are
   */
  static LayerQuantization dorefa(int weightBits, int valueBits, int gradientBits) {
    return layer -> {
      layer.weight().attach(new DoReFaWeight(weightBits, false));
      if (valueBits < Integer.SIZE) {
        layer.module().input().attach(new DoReFaValues(valueBits));
      }
      if (gradientBits < Integer.SIZE) {
        layer.module().output().attach(new DoReFaGradient(gradientBits));
      }
    };
  }

  /** Returns what makes weights ternary by their magnitudes (Q6). */
  static LayerQuantization ternary(boolean perFilter) {
    return layer ->
        layer.weight().attach(new TernaryWeight(TernaryWeight.DEFAULT_FACTOR, perFilter));
  }

  /** Returns what makes weights ternary with two values that train along (Q6). */
  static LayerQuantization trainedTernary() {
    return layer ->
        layer
            .weight()
            .attach(
                new TrainedTernary(TrainedTernary.DEFAULT_FACTOR, 1, 1, layer.weight().dtype()));
  }
}
