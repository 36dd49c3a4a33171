package org.espalier.sparse.prune.rls;

import java.util.List;

/**
 * Says what one pruning did.
 *
 * @param layers the layers that lost inputs, in the order of the model
 * @param parametersBefore trainable numbers before
 * @param parameters trainable numbers after
 */
public record RlsPruningReport(List<Layer> layers, long parametersBefore, long parameters) {
  /**
   * Is one layer's number of inputs: of channels, or of columns.
   *
   * @param path the path of its weight
   * @param before the inputs before
   * @param after the inputs after
   */
  public record Layer(String path, int before, int after) {}

  /** Returns one line a layer, and the parameters before and after. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    layers.forEach(
        layer ->
            text.append("%-40s %5d -> %5d\n".formatted(layer.path, layer.before, layer.after)));
    return text.append("parameters %,d -> %,d".formatted(parametersBefore, parameters)).toString();
  }
}
