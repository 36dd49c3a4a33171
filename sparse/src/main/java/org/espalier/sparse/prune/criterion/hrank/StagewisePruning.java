package org.espalier.sparse.prune.criterion.hrank;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.loss.Loss;
import org.espalier.optim.Goal;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.Shape;

/**
 * Prunes and fine-tunes a model layer by layer (HRank, sheet 08, section 2.5): masks the filters of
 * lowest rank of one more convolution, trains with a fresh optimizer, keeps the best epoch, and
 * goes on from there. Ranks are those of the unpruned model throughout. The mask holds before the
 * first step of its stage already, which the released code misses.
 *
 * <p>The model ends with zero filters at full widths; {@code Compact.extract} makes it small.
 */
public final class StagewisePruning {
  /** Collects what differs from the authors' choices. */
  public static final class Builder {
    private final Module model;
    private final Shape sampleShape;
    private final FeatureMapRanks ranks;
    private final CompressRates rates;
    private final Batches train;
    private Loss loss = new CrossEntropy();
    private Batches validation;
    private int epochs = 30;
    private long seed;
    private IntPredicate trained = layer -> true;
    private Schedule schedule = Schedule.multiStep(0.1, 5, 10);
    private Supplier<Optimizer> optimizer =
        () -> Sgd.builder().rate(0.01).momentum(0.9).weightDecay(5e-4).build();

    private Builder(
        Module model,
        Shape sampleShape,
        FeatureMapRanks ranks,
        CompressRates rates,
        Batches train) {
      this.model = model;
      this.sampleShape = sampleShape;
      this.ranks = ranks;
      this.rates = rates;
      this.train = train;
    }

    /** Trains by another loss than cross entropy. */
    public Builder loss(Loss other) {
      loss = other;
      return this;
    }

    /** Keeps of each stage the epoch that is best on these batches; else the last. */
    public Builder validation(Batches batches) {
      validation = batches;
      return this;
    }

    /** Sets the epochs of a stage; 30 by default. */
    public Builder epochs(int count) {
      epochs = count;
      return this;
    }

    /** Sets the seed of the first stage. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Says behind which convolutions, counted from 0, a stage is trained; others are masked
     * together with the next that is. The last is always trained.
     */
    public Builder trainBehind(IntPredicate layers) {
      trained = layers;
      return this;
    }

    /** Trains each stage with another optimizer than SGD with momentum at rate 0.01. */
    public Builder optimizer(Supplier<Optimizer> maker) {
      optimizer = maker;
      return this;
    }

    /** Trains each stage by another schedule than a tenth at epochs 5 and 10. */
    public Builder schedule(Schedule value) {
      schedule = value;
      return this;
    }

    /** Returns the pruning; refused where ranks, rates and layers do not fit. */
    public StagewisePruning build() {
      return new StagewisePruning(this);
    }
  }

  private final Builder options;
  private final RatedLayers layers;
  private final CompressRates rates;

  private StagewisePruning(Builder builder) {
    options = builder;
    layers = RatedLayers.of(builder.model, builder.sampleShape);
    rates = layers.fit(builder.rates);
    for (int i = 0; i < rates.size(); i++) {
      RatedLayers.Layer layer = layers.layers().get(i);
      int filters = layer.masked().get(0).shape().size(0);
      if (rates.of(i) > 0 && builder.ranks.of(layer.path()).length != filters) {
        throw new IllegalArgumentException(
            "hrank: %d mean ranks for the %d filters of '%s'"
                .formatted(builder.ranks.of(layer.path()).length, filters, layer.path()));
      }
    }
  }

  /**
   * Returns a builder.
   *
   * @param model the trained model, modified by {@link #run}
   * @param sampleShape the shape of one sample
   * @param ranks of the model as it is
   * @param rates one for each convolution
   * @param train what each stage trains on
   */
  public static Builder builder(
      Module model, Shape sampleShape, FeatureMapRanks ranks, CompressRates rates, Batches train) {
    return new Builder(model, sampleShape, ranks, rates, train);
  }

  /** Runs all stages and returns the history of each that was trained. */
  public List<History> run() {
    FilterMasks masks = new FilterMasks(layers);
    List<History> stages = new ArrayList<>();
    int last = layers.prunable() - 1;
    for (int i = 0; i <= last; i++) {
      if (rates.of(i) > 0) {
        masks.mask(i, rates.weakest(i, options.ranks.of(layers.paths().get(i))));
      }
      if (i == last || options.trained.test(i)) {
        stages.add(train(masks, i));
      }
    }
    return stages;
  }

  private History train(FilterMasks masks, int stage) {
    Optimizer optimizer = options.optimizer.get();
    optimizer.restart(options.model.parameters());
    Trainer.Builder trainer =
        Trainer.builder(options.model, options.loss, optimizer, options.train)
            .epochs(options.epochs)
            .schedule(options.schedule)
            .seed(options.seed + stage)
            .callback(masks);
    if (options.validation != null) {
      trainer.validation(options.validation).watch("val_accuracy", Goal.MAXIMIZE).restoreBest();
    }
    return trainer.build().run();
  }
}
