package org.espalier.sparse.prune.criterion.hrank;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.sparse.prune.criterion.FilterRows;

/**
 * Holds filters at zero during training, layer by layer (HRank, sheet 08, section 2.5): after every
 * step the rows of the convolution's weight and bias and of the norm directly behind it are set to
 * zero again. Gradients, momentum and running statistics are left alone.
 *
 * <p>A masked map is exactly zero, so that {@code Compact.extract} with {@code MASK_WITH_BN} cuts
 * the masked filters and changes nothing: each convolution by its own choice where streams keep
 * their width ({@code STREAM_FULL}, the sheet's {@code SCATTER_ADD}).
 */
public final class FilterMasks implements Callback {
  private final RatedLayers layers;
  private final Map<Parameter, int[]> zeros = new LinkedHashMap<>();

  /** Creates masks of no filter yet. */
  public FilterMasks(RatedLayers layers) {
    this.layers = layers;
  }

  /**
   * Masks filters of one more layer, at once and from now on.
   *
   * @param layer the convolution's number in the order of the pass, from 0
   * @param filters which go; at least one must stay
   */
  public void mask(int layer, int... filters) {
    RatedLayers.Layer masked = layers.layers().get(layer);
    int all = masked.masked().get(0).shape().size(0);
    if (filters.length >= all) {
      throw new IllegalArgumentException(
          "hrank: all %d filters of '%s' would be masked; keep at least one"
              .formatted(all, masked.path()));
    }
    masked.masked().forEach(parameter -> zeros.put(parameter, filters.clone()));
    apply();
  }

  /** Sets all masked filters to zero. */
  public void apply() {
    zeros.forEach(FilterRows::zero);
  }

  @Override
  public String name() {
    return "hrank masks";
  }

  @Override
  public void epochStart(Epoch epoch) {
    apply();
  }

  @Override
  public void stepDone(Step step) {
    apply();
  }

  @Override
  public void runDone(Module model) {
    apply();
  }
}
