package org.espalier.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.espalier.nn.Batches;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.criterion.GeometricMedian;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.sparse.prune.criterion.Normalised;
import org.espalier.sparse.prune.criterion.RandomScore;
import org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportance;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRankImportance;
import org.espalier.sparse.prune.criterion.hrank.FeatureMapRanks;
import org.espalier.sparse.prune.criterion.nisp.NeuronImportance;

/** Lists the criteria by the names that commands know. A new one is one more line here. */
enum Criteria {
  /** Absolute sums of filters. */
  L1(0, with -> L1Norm.ofFilters()),
  /** Squared sums of filters. */
  L2(0, with -> L2Norm.ofFilters()),
  /** What batch norms are expected to let through. */
  BN(0, with -> BatchNormImportance.of()),
  /** Mean ranks of feature maps. */
  HRANK(
      FeatureMapRanks.IMAGES,
      with -> FeatureMapRankImportance.of(with.images.get(), with.count(FeatureMapRanks.IMAGES))),
  /** Importance carried back from the final response layer. */
  NISP(
      NeuronImportance.SAMPLES,
      with ->
          NeuronImportance.of(with.images.get())
              .withSamples(with.count(NeuronImportance.SAMPLES))
              .withRatios(with.ratios)),
  /** Distances to the other filters of a layer. */
  FPGM(0, with -> new GeometricMedian()),
  /** Nothing but the seed: what the others must beat. */
  RANDOM(0, with -> new RandomScore(with.seed));

  /**
   * Holds what criteria look at beside the model.
   *
   * @param images gives training images, asked only by criteria that {@link #needsImages}
   * @param most how many of them count at most, 0 for each criterion's own number
   * @param ratios what share of each group will go
   * @param seed draws random scores
   */
  record Evidence(Supplier<Batches> images, int most, Ratios ratios, long seed) {
    private int count(int usual) {
      return most == 0 ? usual : most;
    }
  }

  private final int usualImages;
  private final Function<Evidence, Criterion> maker;

  Criteria(int usualImages, Function<Evidence, Criterion> maker) {
    this.usualImages = usualImages;
    this.maker = maker;
  }

  /** Reads one name. */
  static Criteria named(String option, String name) {
    for (Criteria criterion : values()) {
      if (criterion.title().equals(name.toLowerCase(Locale.ROOT))) {
        return criterion;
      }
    }
    throw new IllegalArgumentException(
        "%s knows no '%s'; there are %s".formatted(option, name, names()));
  }

  /** Reads names separated by commas, each once. */
  static List<Criteria> list(String option, String names) {
    List<Criteria> list =
        Arrays.stream(names.split(",", -1)).map(name -> named(option, name.strip())).toList();
    if (list.stream().distinct().count() < list.size()) {
      throw new IllegalArgumentException(option + " names a criterion twice: '" + names + "'");
    }
    return list;
  }

  /** Returns all names, for messages. */
  static String names() {
    return Arrays.stream(values()).map(Criteria::title).collect(Collectors.joining(", "));
  }

  /** Returns the name. */
  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Tells whether the criterion looks at training images. */
  boolean needsImages() {
    return usualImages > 0;
  }

  /**
   * Returns the criterion; under a global ranking its scores are divided by their group's mean,
   * unless they are comparable as they are.
   */
  Criterion of(Evidence evidence, Ranking ranking) {
    Criterion criterion = maker.apply(evidence);
    boolean comparable = this == BN || this == RANDOM;
    return ranking == Ranking.GLOBAL && !comparable
        ? new Normalised(criterion, Normaliser.MEAN)
        : criterion;
  }
}
