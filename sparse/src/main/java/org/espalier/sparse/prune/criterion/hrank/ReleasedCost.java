package org.espalier.sparse.prune.criterion.hrank;

import java.util.ArrayList;
import java.util.List;
import org.espalier.autograd.Call;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;

/**
 * Counts as the authors' script does (HRank, sheet 08, section 2.6), to compare with their tables:
 * output channels of a convolution are reduced, the input channels of the next layer are not;
 * linear layers count in full with their biases, norms not at all. A transition of DenseNet makes
 * as many channels as its block has left (reconstructed from the printed figure). What a pruned
 * model really costs is {@link org.espalier.nn.Costs}.
 *
 * @param flops multiply-accumulates of convolutions, and weights and biases of linear layers
 * @param parameters weights and biases of both
 */
public record ReleasedCost(long flops, long parameters) {
  /**
   * Counts a model at some rates.
   *
   * @param rates one for each convolution; the last may be missing and is 0 then
   */
  public static ReleasedCost of(Module model, Shape sampleShape, CompressRates rates) {
    RatedLayers layers = RatedLayers.of(model, sampleShape);
    int convolutions = layers.layers().size();
    if (rates.size() != convolutions && rates.size() != convolutions - 1) {
      throw new IllegalArgumentException(
          "hrank: %d compress rates for %d convolutions".formatted(rates.size(), convolutions));
    }
    List<Double> all = new ArrayList<>(rates.values());
    if (all.size() < convolutions) {
      all.add(0.0);
    }
    CompressRates fitted = new CompressRates(all);
    long flops = 0;
    long parameters = 0;
    int lost = 0;
    for (int i = 0; i < convolutions; i++) {
      RatedLayers.Layer layer = layers.layers().get(i);
      Call call = layer.call();
      Shape weight = call.input(1).shape();
      int filters = weight.size(0);
      int kept = filters - fitted.pruned(i, filters) - (layer.transition() ? lost : 0);
      lost = layer.transition() ? 0 : lost + filters - kept;
      flops += call.op().cost(call.axes()).macs() / filters * kept;
      parameters += (long) kept * (weight.count() / filters);
      parameters += call.input(2) == null ? 0 : kept;
    }
    for (Call call : layers.others()) {
      long numbers = call.input(1).shape().count();
      numbers += call.input(2) == null ? 0 : call.input(2).shape().count();
      flops += numbers;
      parameters += numbers;
    }
    return new ReleasedCost(flops, parameters);
  }
}
