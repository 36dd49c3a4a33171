package org.espalier.sparse.decomposition;

import org.espalier.nn.Module;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.tensor.linalg.Svd;

/**
 * Splits a weight {@code W ≈ U_r S_r V_rᵀ} into two layers (resource-efficiency survey, S3): {@code
 * √S_r·V_rᵀ} and {@code U_r·√S_r}, the second with the bias. A linear layer becomes two linear
 * ones, {@code r·(in + out)} weights; a convolution, read as {@code [out, kernel · in]}, one with
 * its windows to r channels and a 1x1 convolution, {@code r·(kernel·in + out)} weights: the layers
 * of {@link Decomposition}, for which the network needs no training of low rank.
 *
 * @param rank how many singular values stay
 */
public record SvdDecomposition(Rank rank) implements LayerDecomposition {
  @Override
  public String name() {
    return "svd";
  }

  @Override
  public boolean accepts(Module layer) {
    return WeightLayer.isReadable(layer);
  }

  @Override
  public Chain decompose(Module layer) {
    Svd whole = WeightLayer.of(name(), layer).weight().svd();
    int terms = rank.of(whole);
    double lost = Math.sqrt(Math.max(0, 1 - whole.energyShare(terms)));
    return new Chain(Decomposition.split(layer, terms), lost);
  }
}
