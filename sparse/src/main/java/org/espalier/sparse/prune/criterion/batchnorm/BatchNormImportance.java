package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;

/**
 * Scores a channel by what the activation behind its batch norm is expected to emit, {@code
 * E|act(z)|} with {@code z ~ N(beta, gamma²)}: no data and no weights are read (Oh et al., "Batch
 * Normalization Tells You Which Filter is Important", WACV 2022). That batch-norm parameters alone
 * give the distribution of activation outputs is the paper's; the functional, what is done at sums
 * and in groups of several norms, and all defaults are (reconstructed).
 *
 * <pre>{@code
 * PruningPlan plan = Pruner.global(BatchNormImportance.of(), 0.3).plan(graph);
 * }</pre>
 *
 * <p>All norms of a group vote: those behind its layers, and those in front of readers where norms
 * come before convolutions. {@link org.espalier.sparse.prune.criterion.batchnorm.MeanCompensation}
 * can leave the expected output of what was cut.
 *
 * @param statistic which number of the activation counts
 * @param sigma what the deviation is taken for
 * @param reduction joins the votes of a group's norms; the sum by default
 * @param normaliser makes groups comparable; the mean by default
 * @param behindAdd what counts as the activation of norms that are added to a stream
 * @param streams how norms that are summed into one stream are scored
 * @param missing what becomes of groups without batch norm
 * @param moments activations of one's own by the name of their op
 */
public record BatchNormImportance(
    Statistic statistic,
    SigmaMode sigma,
    MemberReduction reduction,
    Normaliser normaliser,
    BehindAdd behindAdd,
    StreamModel streams,
    MissingNorm missing,
    Map<String, ActivationMoment> moments)
    implements Criterion {
  /** Creates the criterion. */
  public BatchNormImportance {
    moments = Map.copyOf(moments);
  }

  /** Returns the criterion with the sheet's defaults. */
  public static BatchNormImportance of() {
    return new BatchNormImportance(
        Statistic.MEAN_ABS,
        SigmaMode.PLAIN,
        MemberReduction.SUM,
        Normaliser.MEAN,
        BehindAdd.ACTIVATION,
        StreamModel.PER_MEMBER,
        MissingNorm.SKIP,
        Map.of());
  }

  /** Returns this criterion with another statistic. */
  public BatchNormImportance withStatistic(Statistic other) {
    return new BatchNormImportance(
        other, sigma, reduction, normaliser, behindAdd, streams, missing, moments);
  }

  /** Returns this criterion with another deviation. */
  public BatchNormImportance withSigma(SigmaMode other) {
    return new BatchNormImportance(
        statistic, other, reduction, normaliser, behindAdd, streams, missing, moments);
  }

  /** Returns this criterion with another reduction of a group's votes. */
  public BatchNormImportance withReduction(MemberReduction other) {
    return new BatchNormImportance(
        statistic, sigma, other, normaliser, behindAdd, streams, missing, moments);
  }

  /** Returns this criterion with another normaliser. */
  public BatchNormImportance withNormaliser(Normaliser other) {
    return new BatchNormImportance(
        statistic, sigma, reduction, other, behindAdd, streams, missing, moments);
  }

  /** Returns this criterion with another activation of norms that are added to a stream. */
  public BatchNormImportance withBehindAdd(BehindAdd other) {
    return new BatchNormImportance(
        statistic, sigma, reduction, normaliser, other, streams, missing, moments);
  }

  /** Returns this criterion with another model of streams. */
  public BatchNormImportance withStreams(StreamModel other) {
    return new BatchNormImportance(
        statistic, sigma, reduction, normaliser, behindAdd, other, missing, moments);
  }

  /** Returns this criterion with another answer to groups without batch norm. */
  public BatchNormImportance withMissing(MissingNorm other) {
    return new BatchNormImportance(
        statistic, sigma, reduction, normaliser, behindAdd, streams, other, moments);
  }

  /** Returns this criterion with the moments of one more activation. */
  public BatchNormImportance withMoment(String op, ActivationMoment moment) {
    Map<String, ActivationMoment> more = new LinkedHashMap<>(moments);
    more.put(op, moment);
    return new BatchNormImportance(
        statistic, sigma, reduction, normaliser, behindAdd, streams, missing, more);
  }

  /**
   * Reads the norms and what lies behind them; refused where there is none with gamma and beta, or
   * where their numbers are not finite.
   */
  @Override
  public Criterion on(ChannelGraph graph) {
    return new NormScores(this, NormReader.read(this, graph.model(), graph.sampleShape()));
  }

  /**
   * Returns the scores of each norm's channels by its path, before anything is reduced or
   * normalised.
   */
  public Map<String, double[]> byNorm(Module model, Shape sampleShape) {
    Map<String, double[]> scores = new LinkedHashMap<>();
    NormReader.read(this, model, sampleShape)
        .values()
        .forEach(norm -> scores.put(norm.path(), NormScores.of(norm, statistic)));
    return scores;
  }

  /** Refused: norms are read by {@link #on}, which a {@code Pruner} calls. */
  @Override
  public double[] score(ChannelGroup group) {
    throw new StateException(
        "batch norm importance: no norms were read yet; call on(graph) first and ask what it returns");
  }
}
