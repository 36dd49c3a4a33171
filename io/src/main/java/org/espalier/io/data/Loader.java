package org.espalier.io.data;

import java.util.Iterator;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Makes batches of a data set: x F32 {@code [n, h, w, c]} (or {@code [n, f]}), y I32 {@code [n]}.
 *
 * <p>Order and augmentation are pure functions of (stream, epoch, sample). By default a daemon
 * thread prepares the next batches while the consumer computes; batches are the same without it.
 * The iterator of a prefetching loader is {@link AutoCloseable}: close it when leaving early.
 *
 * <pre>{@code
 * Loader loader = Loader.of(data).batchSize(128).shuffle(random)
 *     .augment(Augmentation.of(new RandomCrop(4), new HorizontalFlip()), random)
 *     .normalize(Normalization.CIFAR10).build();
 * }</pre>
 */
public final class Loader implements Batches {
  private final Dataset data;
  private final int batchSize;
  private final boolean dropLast;
  private final Random shuffle;
  private final Augmentation augmentation;
  private final Random augmentationRandom;
  private final Normalization normalization;
  private final int prefetch;

  private Loader(Builder builder) {
    data = builder.data;
    batchSize = builder.batchSize;
    dropLast = builder.dropLast;
    shuffle = builder.shuffle;
    augmentation = builder.augmentation;
    augmentationRandom = builder.augmentationRandom;
    normalization = builder.normalization;
    prefetch = builder.prefetch;
  }

  /** Starts a loader: batches of 64, in order, last one kept, plain values, prefetching two. */
  public static Builder of(Dataset data) {
    return new Builder(data);
  }

  @Override
  public int count() {
    return dropLast ? data.size() / batchSize : (data.size() + batchSize - 1) / batchSize;
  }

  @Override
  public int samples() {
    return dropLast ? count() * batchSize : data.size();
  }

  @Override
  public Iterator<Batch> epoch(int epoch, int firstStep) {
    if (firstStep < 0 || firstStep > count()) {
      throw new IllegalArgumentException(
          "loader: first step must be from 0 to " + count() + ", got " + firstStep);
    }
    int[] order = shuffle == null ? null : shuffle.at(epoch).permutation(data.size());
    BatchRing ring = new BatchRing(prefetch + 2, new Filler(epoch, order));
    return prefetch == 0
        ? ring.direct(firstStep, count())
        : new PrefetchedBatches(ring, firstStep, count(), prefetch);
  }

  /** Fills batches of one epoch; used by one thread. */
  private final class Filler implements BatchRing.Filler {
    private final int epoch;
    private final int[] order;
    private final Sample view;

    Filler(int epoch, int[] order) {
      this.epoch = epoch;
      this.order = order;
      this.view = augmentation == null ? null : new Sample(data.sampleShape());
    }

    @Override
    public Batch allocate(int step) {
      int n = Math.min(batchSize, data.size() - step * batchSize);
      int[] sample = data.sampleShape().sizes();
      int[] sizes = new int[sample.length + 1];
      sizes[0] = n;
      System.arraycopy(sample, 0, sizes, 1, sample.length);
      return new Batch(Tensor.zeros(sizes), Tensor.zeros(DType.I32, Shape.of(n)));
    }

    @Override
    public int size(int step) {
      return Math.min(batchSize, data.size() - step * batchSize);
    }

    @Override
    public void fill(int step, Batch batch) {
      float[] x = batch.x().f32();
      int[] y = batch.y().i32();
      int length = data.sampleShape().count();
      for (int i = 0; i < y.length; i++) {
        int position = step * batchSize + i;
        int index = order == null ? position : order[position];
        data.read(index, x, i * length);
        y[i] = data.label(index);
        if (view != null) {
          augmentation.apply(view.moveTo(x, i * length), augmentationRandom.at(epoch, index));
        }
      }
      if (normalization != null) {
        normalization.apply(x, 0, x.length);
      }
    }
  }

  /** Collects the options of a loader. */
  public static final class Builder {
    private final Dataset data;
    private int batchSize = 64;
    private boolean dropLast;
    private Random shuffle;
    private Augmentation augmentation;
    private Random augmentationRandom;
    private Normalization normalization;
    private int prefetch = 2;

    private Builder(Dataset data) {
      this.data = data;
    }

    /** Sets the number of samples in a batch. */
    public Builder batchSize(int samples) {
      if (samples < 1) {
        throw new IllegalArgumentException("loader: batch size must be at least 1, got " + samples);
      }
      batchSize = samples;
      return this;
    }

    /** Leaves out the last batch of an epoch if it is not full. */
    public Builder dropLast(boolean drop) {
      dropLast = drop;
      return this;
    }

    /** Shuffles each epoch anew, by the stream {@code shuffle} of the run's root stream. */
    public Builder shuffle(Random random) {
      shuffle = random.stream("shuffle");
      return this;
    }

    /** Changes each sample, by the stream {@code augmentation} of the run's root stream. */
    public Builder augment(Augmentation change, Random random) {
      augmentation = change;
      augmentationRandom = random.stream("augmentation");
      return this;
    }

    /** Normalises each sample, after its augmentation. */
    public Builder normalize(Normalization values) {
      int channels = data.sampleShape().size(-1);
      if (values.channels() != channels) {
        throw new ShapeException(
            "loader: normalization for "
                + values.channels()
                + " channels, samples "
                + data.sampleShape()
                + " have "
                + channels);
      }
      normalization = values;
      return this;
    }

    /** Sets how many batches a background thread prepares ahead; 0 does without a thread. */
    public Builder prefetch(int batches) {
      if (batches < 0) {
        throw new IllegalArgumentException("loader: prefetch must be at least 0, got " + batches);
      }
      prefetch = batches;
      return this;
    }

    /** Returns the loader. */
    public Loader build() {
      Loader loader = new Loader(this);
      if (loader.count() == 0) {
        throw new IllegalArgumentException(
            "loader: "
                + data.size()
                + " samples give no batch of "
                + batchSize
                + (dropLast ? "; keep the last batch or lower the batch size" : ""));
      }
      return loader;
    }
  }
}
