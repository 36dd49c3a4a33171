package org.espalier.sparse.decomposition;

import org.espalier.nn.Module;

/** Makes a chain of smaller layers out of one trained layer. */
public interface LayerDecomposition {
  /**
   * Is what stands in a layer's place.
   *
   * @param chain the smaller layers, one after the other; ordinary layers with values
   * @param relativeError {@code ‖W - Ŵ‖ / ‖W‖} of the weight that the chain amounts to, Frobenius
   *     norms; 0 for a weight of zeros
   */
  record Chain(Module chain, double relativeError) {}

  /** Returns the name for messages and tables. */
  String name();

  /** Tells whether this is a kind of layer that can be decomposed so. */
  boolean accepts(Module layer);

  /**
   * Returns the chain for a layer, whose effective weight (masks and the like folded in) it
   * approximates; it takes the layer's bias, stride, padding and dilation over.
   *
   * @param layer not modified
   * @throws IllegalArgumentException if the layer is not accepted, or rank or groups do not fit it
   */
  Chain decompose(Module layer);
}
