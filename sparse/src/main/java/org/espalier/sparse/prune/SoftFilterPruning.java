package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Residual;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.tensor.Shape;

/**
 * Zeroes, after each epoch, the filters of lowest norm in every convolution, and lets them train
 * on: soft filter pruning (He et al., IJCAI 2018); with a growing ratio its asymptotic form (He et
 * al., IEEE Transactions on Cybernetics 2019).
 *
 * <p>Only weights change: batch norms, biases, gradients and momentum stay as they are, so a zeroed
 * filter gets ordinary updates and may come back. A filter in front of batch norm and ReLU whose
 * beta is not positive gets no gradient at all and revives only through left-over momentum; that is
 * the method. All convolutions take part but those that make the model's output; linear layers
 * never do. A depthwise convolution agrees with the layer that feeds it: both lose the same
 * channels.
 *
 * <p>There is no state: what happens depends on the epoch's number only. When training is done,
 * {@link Compact#extract} cuts the zero filters.
 */
public final class SoftFilterPruning implements Callback {
  /** States what differs from the paper's choices. */
  public static final class Builder {
    private final Shape sampleShape;
    private final PruneSchedule schedule;
    private FilterNorm norm = FilterNorm.L2;
    private int epochPrune = 1;
    private boolean beforeFirst = true;
    private boolean skipProjections;
    private final List<String> excluded = new ArrayList<>();

    private Builder(Shape sampleShape, PruneSchedule schedule) {
      this.sampleShape = sampleShape;
      this.schedule = schedule;
    }

    /** Ranks by another norm; L2 is the default. */
    public Builder norm(FilterNorm other) {
      norm = other;
      return this;
    }

    /** Prunes every so many epochs, and after the last; 1 is the default. */
    public Builder epochPrune(int epochs) {
      if (epochs <= 0) {
        throw new IllegalArgumentException("epochPrune must be positive, got " + epochs);
      }
      epochPrune = epochs;
      return this;
    }

    /** Says whether to prune once before epoch 0, as the released code does; it is the default. */
    public Builder pruneBeforeFirstEpoch(boolean wanted) {
      beforeFirst = wanted;
      return this;
    }

    /** Leaves convolutions on shortcuts alone, as the ImageNet recipe does. */
    public Builder skipProjections() {
      skipProjections = true;
      return this;
    }

    /** Leaves all layers below these paths alone. */
    public Builder exclude(String... layers) {
      excluded.addAll(List.of(layers));
      return this;
    }

    /** Returns the callback. */
    public SoftFilterPruning build() {
      return new SoftFilterPruning(this);
    }
  }

  private final Shape sampleShape;
  private final PruneSchedule schedule;
  private final FilterNorm norm;
  private final int epochPrune;
  private final boolean beforeFirst;
  private final boolean skipProjections;
  private final List<String> excluded;

  private SoftFilterPruning(Builder builder) {
    sampleShape = builder.sampleShape;
    schedule = builder.schedule;
    norm = builder.norm;
    epochPrune = builder.epochPrune;
    beforeFirst = builder.beforeFirst;
    skipProjections = builder.skipProjections;
    excluded = List.copyOf(builder.excluded);
  }

  /**
   * Returns a builder.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param schedule the prune ratio of each epoch
   */
  public static Builder builder(Shape sampleShape, PruneSchedule schedule) {
    return new Builder(sampleShape, schedule);
  }

  /** Returns the callback of the paper: L2 norm, the same ratio after every epoch. */
  public static SoftFilterPruning of(Shape sampleShape, double ratio) {
    return builder(sampleShape, PruneSchedule.constant(ratio)).build();
  }

  @Override
  public String name() {
    return "soft filter pruning";
  }

  @Override
  public void epochStart(Epoch epoch) {
    if (epoch.index() == 0 && beforeFirst) {
      prune(epoch.model(), 0).forEach(parameter -> epoch.claim(parameter, name()));
    }
  }

  @Override
  public void epochDone(Epoch epoch) {
    if (prunesAfter(epoch.index(), epoch.epochs())) {
      prune(epoch.model(), epoch.index()).forEach(parameter -> epoch.claim(parameter, name()));
    }
  }

  /** Tells whether filters are zeroed after an epoch of a run of so many. */
  public boolean prunesAfter(int epoch, int epochs) {
    return epoch % epochPrune == 0 || epoch == epochs - 1;
  }

  /**
   * Zeroes the weakest filters by the ratio of an epoch; for hand-written loops.
   *
   * @return the weights that take part
   */
  public Set<Parameter> prune(Module model, int epoch) {
    double ratio = Rounding.checked(schedule.ratio(epoch));
    FilterLayers layers = FilterLayers.of(model, sampleShape, skipped(model));
    layers.checkFinite();
    layers.zeroWeakest(norm, ratio);
    return layers.weights();
  }

  private Set<String> skipped(Module model) {
    Set<String> skipped = new LinkedHashSet<>();
    for (String layer : excluded) {
      if (!model.modules().containsKey(layer)) {
        throw new IllegalArgumentException(
            "soft filter pruning: no layer '%s' to exclude, there are %s"
                .formatted(layer, model.modules().keySet()));
      }
      skipped.add(layer);
    }
    if (skipProjections) {
      model
          .modules()
          .forEach(
              (path, module) -> {
                if (module instanceof Residual block && block.shortcut() != null) {
                  skipped.add((path.isEmpty() ? "" : path + ".") + "shortcut");
                }
              });
    }
    return skipped;
  }
}
