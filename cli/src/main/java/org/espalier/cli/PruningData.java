package org.espalier.cli;

import java.io.IOException;
import java.util.Arrays;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.optim.train.Evaluation;
import org.espalier.optim.train.Evaluator;
import org.espalier.tensor.Random;

/**
 * Holds the samples by which a trained model is pruned: those it learns from again and that
 * criteria look at, and those it is measured on.
 *
 * @param training the training samples, null where nothing needs them
 * @param test the test samples
 * @param normalization what the model wants pixels to go through first
 * @param batchSize samples a step
 * @param seed draws orders and augmentation
 */
record PruningData(
    Dataset training, Dataset test, Normalization normalization, int batchSize, long seed) {
  private static final int EVALUATION_BATCH = 100;

  /** Draws the test samples that the options name. */
  static Dataset test(DataOptions options, SampleOptions samples) throws IOException {
    return limited("--test-limit", options.test(), samples.testLimit(), samples.seed());
  }

  /**
   * Reads what a model is pruned by.
   *
   * @param needsTraining whether anything looks at training samples
   */
  static PruningData of(
      DataOptions options,
      SampleOptions samples,
      Dataset test,
      Normalization normalization,
      boolean needsTraining)
      throws IOException {
    Dataset training = needsTraining ? training(options, samples.limit(), samples.seed()) : null;
    return new PruningData(training, test, normalization, samples.batchSize(), samples.seed());
  }

  private static Dataset training(DataOptions options, int limit, long seed) throws IOException {
    DataSource source = options.source();
    if (source.isSingleFile() && options.test == null) {
      throw new IllegalArgumentException(
          "--data names a single file: name other samples to test on with --test");
    }
    return limited("--limit", source.training(), limit, seed);
  }

  /**
   * Draws as many samples as are wanted: the first ones of a sorted set are all of one class.
   *
   * @param limit how many, 0 for all
   */
  private static Dataset limited(String option, Dataset data, int limit, long seed) {
    if (limit == 0) {
      return data;
    }
    if (limit > data.size()) {
      throw new IllegalArgumentException(
          "%s %d is more than the %d samples".formatted(option, limit, data.size()));
    }
    int[] order = Random.of(seed).stream("limit").permutation(data.size());
    return data.subset(Arrays.stream(order).limit(limit).sorted().toArray());
  }

  /** Returns training samples as they are, shuffled: what criteria and statistics look at. */
  Loader evidence() {
    return Loader.of(training)
        .batchSize(batchSize)
        .shuffle(Random.of(seed).stream("evidence"))
        .normalize(normalization)
        .build();
  }

  /** Returns shuffled, augmented batches to learn from. */
  Loader trainingBatches(String augment) {
    Random random = Random.of(seed);
    return Loader.of(training)
        .batchSize(batchSize)
        .dropLast(training.size() >= batchSize)
        .shuffle(random)
        .augment(DataSource.augmentation(augment, normalization), random)
        .build();
  }

  /** Measures a model on the test samples. */
  Evaluation evaluate(Module model) {
    return evaluate(model, new Hits());
  }

  /**
   * Measures a model on the test samples.
   *
   * @param hits is told which answers are right
   */
  Evaluation evaluate(Module model, Hits hits) {
    Loader batches = Loader.of(test).batchSize(EVALUATION_BATCH).normalize(normalization).build();
    return new Evaluator(TrainingSession.CROSS_ENTROPY, hits).evaluate(model, batches);
  }
}
