package org.espalier.sparse.prune;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
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
 * <p>The paper prunes softly to the end, and what regrew in the last epoch is lost at the cut.
 * {@link Builder#hold} ends the soft phase some epochs earlier and trains on with the zeros held.
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
    private int hold;
    private Compact.Mode mode = Compact.Mode.STREAM_FULL;
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

    /**
     * Holds the zeros in the last epochs; 0, the paper, is the default. Before the first of them
     * the weakest filters are zeroed once more and {@link HeldZeros#attach} holds them, with their
     * norms and biases, while all else trains on; no further filter is zeroed. When the run is over
     * {@link HeldZeros#fold} makes the model plain. At least the first epoch is soft: a run of a
     * single epoch holds nothing.
     *
     * <p>A best epoch is sought among those with held zeros only, since their model is another one.
     * Where early stopping ends the soft phase, the epochs with held zeros follow.
     *
     * @param epochs how many epochs at the end of the run
     * @param cut how streams will be cut afterwards
     */
    public Builder hold(int epochs, Compact.Mode cut) {
      if (epochs < 0) {
        throw new IllegalArgumentException("hold must be at least 0 epochs, got " + epochs);
      }
      hold = epochs;
      mode = cut;
      return this;
    }

    /** Holds the zeros in the last epochs, for a cut that keeps streams at full width. */
    public Builder hold(int epochs) {
      return hold(epochs, Compact.Mode.STREAM_FULL);
    }

    /** Returns the callback. */
    public SoftFilterPruning build() {
      return new SoftFilterPruning(this);
    }
  }

  private static final Logger LOG = System.getLogger(SoftFilterPruning.class.getName());

  private final Shape sampleShape;
  private final PruneSchedule schedule;
  private final FilterNorm norm;
  private final int epochPrune;
  private final boolean beforeFirst;
  private final boolean skipProjections;
  private final int hold;
  private final Compact.Mode mode;
  private final List<String> excluded;

  private SoftFilterPruning(Builder builder) {
    sampleShape = builder.sampleShape;
    schedule = builder.schedule;
    norm = builder.norm;
    epochPrune = builder.epochPrune;
    beforeFirst = builder.beforeFirst;
    skipProjections = builder.skipProjections;
    hold = builder.hold;
    mode = builder.mode;
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
      claim(epoch, prune(epoch.model(), 0, Level.DEBUG));
    }
    if (epoch.index() > 0 && epoch.index() == softEpochs(epoch.epochs())) {
      // A ratio that grows may be another than that of the zeroing before.
      claim(epoch, prune(epoch.model(), epoch.index() - 1, Level.DEBUG));
      claim(epoch, HeldZeros.attach(epoch.model(), sampleShape, mode));
    }
  }

  @Override
  public void epochDone(Epoch epoch) {
    if (prunesAfter(epoch.index(), epoch.epochs())) {
      // Before the last zeroing a ratio may still grow, and once is enough for one that does not.
      boolean last = epoch.index() == softEpochs(epoch.epochs()) - 1;
      claim(epoch, prune(epoch.model(), epoch.index(), last ? Level.WARNING : Level.DEBUG));
    }
  }

  @Override
  public int epochsToClose(Epoch epoch) {
    boolean isSoft = epoch.index() < softEpochs(epoch.epochs());
    return isSoft ? Math.min(hold, epoch.epochs() - epoch.index() - 1) : 0;
  }

  @Override
  public void runDone(Module model) {
    if (hold > 0) {
      HeldZeros.fold(model);
    }
  }

  private void claim(Epoch epoch, Set<Parameter> parameters) {
    parameters.forEach(parameter -> epoch.claim(parameter, name()));
  }

  /** Returns the number of epochs, of a run of so many, before the zeros are held. */
  public int softEpochs(int epochs) {
    return Math.max(epochs - hold, Math.min(epochs, 1));
  }

  /** Tells whether filters are zeroed after an epoch of a run of so many. */
  public boolean prunesAfter(int epoch, int epochs) {
    int soft = softEpochs(epochs);
    return epoch < soft && (epoch % epochPrune == 0 || epoch == soft - 1);
  }

  /**
   * Zeroes the weakest filters by the ratio of an epoch; for hand-written loops.
   *
   * @return the weights that take part
   */
  public Set<Parameter> prune(Module model, int epoch) {
    return prune(model, epoch, Level.WARNING);
  }

  private Set<Parameter> prune(Module model, int epoch, Level level) {
    double ratio = Rounding.checked(schedule.ratio(epoch));
    FilterLayers layers = FilterLayers.of(model, sampleShape, skipped(model));
    layers.checkFinite();
    List<String> whole = layers.zeroWeakest(norm, ratio);
    if (ratio > 0 && !whole.isEmpty()) {
      LOG.log(
          level,
          "soft filter pruning: a share of {0} is no whole filter of {1}; left alone",
          ratio,
          whole);
    }
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
