package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;

/**
 * Searches a prune ratio for each layer by short trainings from the same initial weights (sheet 09,
 * 2.8). It minimises
 *
 * <pre>{@code
 * J = -accuracy(after the training and one projection) - accuracy(split)
 *     + lambda · macs(split) / macs(dense)
 * }</pre>
 *
 * <p>Ratios are drawn log-uniformly from [0.5, 0.999]: a random search for the first trials, then
 * those of largest expected improvement under a Gaussian process, as in the paper, where asked for.
 * Inside the search the projection is the plain one, without batch norms (as released).
 *
 * <pre>{@code
 * RankSearch.Result found =
 *     RankSearch.builder(model, sampleShape, oneEpoch, accuracy).trials(50).build().run();
 * LowRankProjection.builder(sampleShape, found.policy())
 * }</pre>
 */
public final class RankSearch {
  private static final System.Logger LOG = System.getLogger(RankSearch.class.getName());

  /**
   * Is one choice of ratios and what became of it.
   *
   * @param pruneRatios one a layer, in the order of the layers
   * @param projectedAccuracy behind the training and one projection
   * @param splitAccuracy behind the decomposition
   * @param macsShare multiply-accumulates of the split network as a share of the dense one's
   * @param objective J
   */
  public record Trial(
      List<Double> pruneRatios,
      double projectedAccuracy,
      double splitAccuracy,
      double macsShare,
      double objective) {}

  /**
   * Holds all trials in order.
   *
   * @param trials at least one
   */
  public record Result(List<Trial> trials) {
    /** Returns the trial of the smallest objective, the first of several. */
    public Trial best() {
      return trials.stream().min(Comparator.comparingDouble(Trial::objective)).orElseThrow();
    }

    /** Returns the policy of the best ratios. */
    public RankPolicy policy() {
      return RankPolicy.ratios(
          best().pruneRatios().stream().mapToDouble(Double::doubleValue).toArray());
    }
  }

  private final Snapshot initial;
  private final Shape sampleShape;
  private final Coverage coverage;
  private final EnergyTransfer transfer;
  private final Consumer<Module> training;
  private final ToDoubleFunction<Module> accuracy;
  private final double lambda;
  private final double least;
  private final double most;
  private final int trials;
  private final int randomTrials;
  private final Random random;

  private RankSearch(Builder builder) {
    initial = Snapshot.of(builder.model, Map.of());
    sampleShape = builder.sampleShape;
    coverage = builder.coverage.withoutRectification();
    transfer = builder.transfer;
    training = builder.training;
    accuracy = builder.accuracy;
    lambda = builder.lambda;
    least = builder.least;
    most = builder.most;
    trials = builder.trials;
    randomTrials = builder.randomTrials;
    random = Random.of(builder.seed).stream("rank search");
  }

  /**
   * Returns a builder.
   *
   * @param model gives architecture and initial values; copied, not modified
   * @param sampleShape the shape of one sample, without the batch axis
   * @param training trains a copy for a short time, an epoch in the paper
   * @param accuracy measures a model in [0, 1] on samples that no training sees
   */
  public static Builder builder(
      Module model,
      Shape sampleShape,
      Consumer<Module> training,
      ToDoubleFunction<Module> accuracy) {
    return new Builder(model, sampleShape, training, accuracy);
  }

  /** Collects the options of a search. */
  public static final class Builder {
    private final Module model;
    private final Shape sampleShape;
    private final Consumer<Module> training;
    private final ToDoubleFunction<Module> accuracy;
    private Coverage coverage = Coverage.CONVOLUTIONS;
    private EnergyTransfer transfer = EnergyTransfer.UNIFORM;
    private double lambda = 1;
    private double least = 0.5;
    private double most = 0.999;
    private int trials = 20;
    private int randomTrials = Integer.MAX_VALUE;
    private long seed;

    private Builder(
        Module model,
        Shape sampleShape,
        Consumer<Module> training,
        ToDoubleFunction<Module> accuracy) {
      this.model = model;
      this.sampleShape = sampleShape;
      this.training = training;
      this.accuracy = accuracy;
    }

    /** Chooses the layers; every convolution by default. */
    public Builder coverage(Coverage value) {
      coverage = value;
      return this;
    }

    /** Projects another way than with uniform energy transfer. */
    public Builder transfer(EnergyTransfer value) {
      transfer = value;
      return this;
    }

    /** Sets the price of multiply-accumulates, at least 0; 1 by default. */
    public Builder lambda(double value) {
      if (!(value >= 0)) {
        throw new IllegalArgumentException("rank search: lambda must be at least 0, got " + value);
      }
      lambda = value;
      return this;
    }

    /** Sets the interval of ratios, {@code 0 < least < most < 1}; [0.5, 0.999] by default. */
    public Builder ratios(double from, double to) {
      if (!(from > 0 && from < to && to < 1)) {
        throw new IllegalArgumentException(
            "rank search: ratios must be drawn from an interval inside (0, 1), got [%s, %s]"
                .formatted(from, to));
      }
      least = from;
      most = to;
      return this;
    }

    /** Sets the number of trials; 20 by default. */
    public Builder trials(int count) {
      trials = positive("trials", count);
      return this;
    }

    /** Chooses by a Gaussian process behind so many random trials; by default all are random. */
    public Builder gaussianProcessBehind(int count) {
      randomTrials = positive("random trials", count);
      return this;
    }

    /** Sets the seed of the draws; 0 by default. */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    private static int positive(String what, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(
            "rank search: the number of %s must be at least 1, got %d".formatted(what, value));
      }
      return value;
    }

    /** Returns the search. */
    public RankSearch build() {
      return new RankSearch(this);
    }
  }

  /** Runs all trials. */
  public Result run() {
    int layers = coverage.of(initial.build(), sampleShape).size();
    List<double[]> points = new ArrayList<>();
    List<Trial> done = new ArrayList<>();
    for (int number = 0; number < trials; number++) {
      double[] point = point(number, layers, points, done);
      Trial trial = attempt(ratios(point));
      points.add(point);
      done.add(trial);
      LOG.log(
          System.Logger.Level.DEBUG,
          "rank search: trial {0}: objective {1}, share of MACs {2}",
          number,
          trial.objective(),
          trial.macsShare());
    }
    return new Result(List.copyOf(done));
  }

  /** Returns a point of the unit cube; its coordinates are where ratios lie on a log scale. */
  private double[] point(int number, int layers, List<double[]> points, List<Trial> done) {
    Random draws = random.at(number);
    if (number < randomTrials) {
      return uniform(draws, layers, 0);
    }
    double[] values = done.stream().mapToDouble(Trial::objective).toArray();
    ExpectedImprovement improvement = new ExpectedImprovement(points, values);
    List<double[]> candidates = new ArrayList<>();
    for (int i = 0; i < ExpectedImprovement.CANDIDATES; i++) {
      candidates.add(uniform(draws, layers, i));
    }
    return candidates.stream().max(Comparator.comparingDouble(improvement::at)).orElseThrow();
  }

  private static double[] uniform(Random draws, int layers, int number) {
    double[] point = new double[layers];
    Arrays.setAll(point, i -> draws.uniform((long) number * layers + i));
    return point;
  }

  private double[] ratios(double... point) {
    return Arrays.stream(point).map(u -> least * Math.pow(most / least, u)).toArray();
  }

  private Trial attempt(double... ratios) {
    Module model = initial.build();
    training.accept(model);
    RankPolicy policy = RankPolicy.ratios(ratios);
    LowRankProjection.builder(sampleShape, policy)
        .coverage(coverage)
        .transfer(transfer)
        .build()
        .project(model);
    double projected = accuracy.applyAsDouble(model);
    LowRankForecast forecast =
        Decomposition.at(sampleShape)
            .withCoverage(coverage)
            .withRanks(policy)
            .apply(model)
            .forecast();
    double split = accuracy.applyAsDouble(model);
    double share = forecast.macs() / (double) forecast.baseMacs();
    return new Trial(
        Arrays.stream(ratios).boxed().toList(),
        projected,
        split,
        share,
        -projected - split + lambda * share);
  }
}
