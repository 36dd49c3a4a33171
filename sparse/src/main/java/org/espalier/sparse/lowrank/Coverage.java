package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.espalier.nn.Module;
import org.espalier.tensor.Shape;

/**
 * Says which layers take part (sheet 09, 2.5): every convolution, the first and those on shortcuts
 * too, and linear layers only where asked for; never a final linear layer.
 *
 * <p>A depthwise convolution is left alone unless asked for: two layers that compute it are never
 * smaller. Asked for, its weight counts as one matrix {@code [channels, kh·kw]} (reconstructed).
 *
 * @param linears whether linear layers take part, all but the final one
 * @param depthwise whether depthwise convolutions take part
 * @param rectified whether a layer is projected together with the batch norm behind it
 * @param chosen which layers take part, by their paths
 */
public record Coverage(
    boolean linears, boolean depthwise, boolean rectified, Predicate<String> chosen) {
  /** Every convolution, with the batch norm behind it where there is one. */
  public static final Coverage CONVOLUTIONS = new Coverage(false, false, true, path -> true);

  /** Returns this choice and all linear layers but the final one. */
  public Coverage withLinears() {
    return new Coverage(true, depthwise, rectified, chosen);
  }

  /** Returns this choice and depthwise convolutions. */
  public Coverage withDepthwise() {
    return new Coverage(linears, true, rectified, chosen);
  }

  /** Returns this choice with layers projected as they are, whatever follows them. */
  public Coverage withoutRectification() {
    return new Coverage(linears, depthwise, false, chosen);
  }

  /** Returns this choice without layers whose path the predicate does not hold for. */
  public Coverage where(Predicate<String> path) {
    return new Coverage(linears, depthwise, rectified, chosen.and(path));
  }

  /** Returns this choice without these layers and all below these paths. */
  public Coverage without(String... layers) {
    List<String> excluded = List.of(layers);
    return where(
        path -> excluded.stream().noneMatch(e -> path.equals(e) || path.startsWith(e + ".")));
  }

  /**
   * Returns the layers of a model that take part, in the order in which they run first; reads one
   * shape pass, computes nothing.
   *
   * @param model not modified
   * @param sampleShape the shape of one sample, without the batch axis
   * @throws IllegalArgumentException if no layer takes part
   */
  public List<LowRankLayer> of(Module model, Shape sampleShape) {
    List<LowRankLayer> layers = new ArrayList<>();
    CoverageReader reader = new CoverageReader(model, sampleShape);
    for (CoverageReader.Layer layer : reader.layers()) {
      boolean takesPart = layer.isConvolution() ? depthwise || !layer.isDepthwise() : linears;
      if (takesPart && !layer.isFinalLinear() && chosen.test(layer.path())) {
        layers.add(reader.layer(layer, rectified));
      }
    }
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "low rank: no layer takes part; there are "
              + reader.layers().stream().map(CoverageReader.Layer::path).toList());
    }
    return layers;
  }
}
