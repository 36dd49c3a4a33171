package org.espalier.sparse.prune.criterion.nisp;

import org.espalier.nn.Batches;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Ratios;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Scores a channel by what it is worth for the last layer in front of the classifier (Yu et al.,
 * "NISP: Pruning Networks using Neuron Importance Score Propagation", CVPR 2018): that layer's
 * features are ranked on some samples, then their scores walk back through absolute weights, once.
 * The layers are judged from the last to the first, and what a layer will lose passes nothing on.
 *
 * <pre>{@code
 * Criterion nisp = NeuronImportance.of(trainingBatches).withRatios(Ratios.of(0.5));
 * PruningPlan plan = Pruner.local(nisp, 0.5).plan(graph);
 * }</pre>
 *
 * <p>The score of a channel is the sum over its map. A residual stream is judged at its first
 * value, where the importance of all readers has met (the group's root); a depthwise convolution's
 * group behind it. A layer that nothing important reads falls back to the L1 norm of its filters,
 * with a warning. Scores of different layers are not comparable as they are: rank locally, or
 * choose a normaliser.
 */
public final class NeuronImportance implements Criterion {
  /** How many samples rank the features at most. */
  public static final int SAMPLES = 2000;

  private final Batches data;
  private final double[] given;
  private final Options options;

  /** Holds all that can be chosen. */
  record Options(
      int samples,
      ResponseScorer scorer,
      String responseLayer,
      PropagationRule rule,
      Ratios ratios,
      MemberReduction reduction,
      Normaliser normaliser) {
    static final Options DEFAULT =
        new Options(
            SAMPLES,
            InfiniteFeatureSelection.DEFAULT,
            null,
            PropagationRule.DEFAULT,
            Ratios.of(0.5),
            MemberReduction.FIRST,
            Normaliser.NONE);
  }

  private NeuronImportance(Batches data, double[] given, Options options) {
    this.data = data;
    this.given = given;
    this.options = options;
  }

  /** Returns the criterion that ranks features by infinite feature selection on these samples. */
  public static NeuronImportance of(Batches data) {
    return new NeuronImportance(data, null, Options.DEFAULT);
  }

  /**
   * Returns the criterion that starts from scores of one's own.
   *
   * @param responseScores one a feature of the final response layer; not negative, not all 0
   */
  public static NeuronImportance ofScores(double... responseScores) {
    check(responseScores);
    return new NeuronImportance(null, responseScores.clone(), Options.DEFAULT);
  }

  private static void check(double... scores) {
    boolean any = false;
    for (int j = 0; j < scores.length; j++) {
      if (!(scores[j] >= 0 && Double.isFinite(scores[j]))) {
        throw new IllegalArgumentException(
            "neuron importance: the score of feature %d is %s, it must not be negative"
                .formatted(j, scores[j]));
      }
      any |= scores[j] > 0;
    }
    if (!any) {
      throw new IllegalArgumentException(
          "neuron importance: all features score 0, there is nothing to propagate");
    }
  }

  private NeuronImportance with(Options other) {
    return new NeuronImportance(data, given, other);
  }

  /** Returns this criterion with another number of samples that rank the features at most. */
  public NeuronImportance withSamples(int most) {
    Options o = options;
    return with(
        new Options(most, o.scorer, o.responseLayer, o.rule, o.ratios, o.reduction, o.normaliser));
  }

  /** Returns this criterion with features ranked otherwise. */
  public NeuronImportance withScorer(ResponseScorer other) {
    Options o = options;
    return with(
        new Options(
            o.samples, other, o.responseLayer, o.rule, o.ratios, o.reduction, o.normaliser));
  }

  /** Returns this criterion with the output of a module, by its path, as final response layer. */
  public NeuronImportance withResponseLayer(String path) {
    Options o = options;
    return with(
        new Options(o.samples, o.scorer, path, o.rule, o.ratios, o.reduction, o.normaliser));
  }

  /** Returns this criterion with another rule: for pools, norms and ops of one's own. */
  public NeuronImportance withRule(PropagationRule other) {
    Options o = options;
    return with(
        new Options(
            o.samples, o.scorer, o.responseLayer, other, o.ratios, o.reduction, o.normaliser));
  }

  /**
   * Returns this criterion with other shares that layers will lose and that pass nothing on; 0.5
   * for all by default, 0 for scores that no pruning enters.
   */
  public NeuronImportance withRatios(Ratios other) {
    Options o = options;
    return with(
        new Options(
            o.samples, o.scorer, o.responseLayer, o.rule, other, o.reduction, o.normaliser));
  }

  /** Returns this criterion with another reduction of the scores of a stream's layers. */
  public NeuronImportance withReduction(MemberReduction other) {
    Options o = options;
    return with(
        new Options(o.samples, o.scorer, o.responseLayer, o.rule, o.ratios, other, o.normaliser));
  }

  /**
   * Returns this criterion with another scale of each group's scores, such as {@link
   * Normaliser#SUM}.
   */
  public NeuronImportance withNormaliser(Normaliser other) {
    Options o = options;
    return with(
        new Options(o.samples, o.scorer, o.responseLayer, o.rule, o.ratios, o.reduction, other));
  }

  /** Ranks the features and carries their importance back through the model as it is. */
  @Override
  public Criterion on(ChannelGraph graph) {
    FinalResponseLayer layer =
        options.responseLayer == null
            ? FinalResponseLayer.of(graph.model(), graph.sampleShape())
            : FinalResponseLayer.named(graph.model(), graph.sampleShape(), options.responseLayer);
    double[] scores = given;
    if (scores == null) {
      Tensor features = layer.features(data, options.samples);
      Parameter classifier = layer.classifierWeight(graph.sampleShape());
      scores = options.scorer.score(features, classifier == null ? null : classifier.value());
      check(scores);
    }
    return new NeuronScores(this, new JointSweep(graph, layer, options).run(scores));
  }

  /** Refused: importance is carried back by {@link #on}, which a {@code Pruner} calls. */
  @Override
  public double[] score(ChannelGroup group) {
    throw new StateException(
        "neuron importance: nothing was propagated yet; call on(graph) first and ask what it returns");
  }

  @Override
  public String toString() {
    return "neuron importance";
  }
}
