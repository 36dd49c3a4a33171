package org.espalier.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Split;
import org.espalier.nn.Batch;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;

/**
 * Holds the samples of a run in three parts: those it learns from, those held out of them, by which
 * the best epoch is chosen, and the test samples, which are looked at only when training is over.
 *
 * @param training the samples to learn from
 * @param validation the samples held out, may be empty
 * @param test the test samples
 * @param normalization what pixels go through first; measured on {@code training} if at all
 * @param evaluationBatch how many samples are measured at a time
 */
record TrainingData(
    Dataset training,
    Dataset validation,
    Dataset test,
    Normalization normalization,
    int evaluationBatch) {
  private static final int LARGEST_EVALUATION_BATCH = 100;

  /** Says what samples go through first, null where that is to be measured. */
  @FunctionalInterface
  interface KnownNormalization {
    /** Returns the normalisation for samples of this shape. */
    Normalization of(Shape sample) throws IOException;
  }

  /** Reads the samples that a run's options name. */
  static TrainingData read(TrainSettings settings, KnownNormalization known) throws IOException {
    DataOptions options = settings.dataOptions();
    DataSource source = options.source();
    if (source.isSingleFile() && options.test == null) {
      throw new IllegalArgumentException(
          "--data names a single file: name other samples to test on with --test");
    }
    Dataset all = limited(source.training(), settings);
    Dataset test = options.test();
    DataOptions.checkFits(test, all.sampleShape(), all.classNames());
    Split split = split(all, settings);
    Normalization own = known.of(all.sampleShape());
    return new TrainingData(
        split.training(),
        split.validation(),
        test,
        own == null ? source.normalization(split.training()) : own,
        Math.min(LARGEST_EVALUATION_BATCH, settings.batchSize()));
  }

  /** Draws as many samples as are wanted: the first ones of a sorted set are all of one class. */
  private static Dataset limited(Dataset data, TrainSettings settings) {
    int limit = settings.limit();
    if (limit == 0) {
      return data;
    }
    if (limit > data.size()) {
      throw new IllegalArgumentException(
          "--limit " + limit + " is more than the " + data.size() + " training samples");
    }
    int[] order = Random.of(settings.seed()).stream("limit").permutation(data.size());
    return data.subset(Arrays.stream(order).limit(limit).sorted().toArray());
  }

  private static Split split(Dataset all, TrainSettings settings) {
    if (settings.validation() == 0) {
      return new Split(all, all.take(0));
    }
    Split split = all.split(settings.validation(), Random.of(settings.seed()));
    if (split.validation().size() == 0 || split.training().size() == 0) {
      throw new IllegalArgumentException(
          "--validation %s leaves %d of %d samples to train on and holds out %d; both need some"
              .formatted(
                  settings.validation(),
                  split.training().size(),
                  all.size(),
                  split.validation().size()));
    }
    return split;
  }

  /** Returns the shape of one sample. */
  Shape input() {
    return training.sampleShape();
  }

  /** Returns the names of the classes. */
  List<String> classNames() {
    return training.classNames();
  }

  /** Returns shuffled, augmented batches to learn from. */
  Loader trainingBatches(TrainSettings settings) {
    Random random = Random.of(settings.seed());
    return Loader.of(training)
        .batchSize(settings.batchSize())
        .dropLast(training.size() >= settings.batchSize())
        .shuffle(random)
        .augment(DataSource.augmentation(settings.augment(), normalization), random)
        .build();
  }

  /** Returns the held-out samples in batches. */
  Loader validationBatches() {
    return inOrder(validation);
  }

  /** Returns the test samples in batches. */
  Loader testBatches() {
    return inOrder(test);
  }

  private Loader inOrder(Dataset data) {
    return Loader.of(data).batchSize(evaluationBatch).normalize(normalization).build();
  }

  /** Returns the first test samples as one batch. */
  Batch firstTestBatch() {
    int size = Math.min(evaluationBatch, test.size());
    return Loader.of(test.take(size))
        .batchSize(size)
        .prefetch(0)
        .normalize(normalization)
        .build()
        .epoch(0, 0)
        .next();
  }
}
