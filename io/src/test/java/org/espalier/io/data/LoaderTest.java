package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Batch;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.junit.jupiter.api.Test;

class LoaderTest {
  private static List<String> contents(Iterator<Batch> batches) {
    List<String> seen = new ArrayList<>();
    while (batches.hasNext()) {
      Batch batch = batches.next();
      seen.add(
          batch.x().shape() + Arrays.toString(batch.x().f32()) + Arrays.toString(batch.y().i32()));
    }
    return seen;
  }

  private static Loader.Builder augmented(int size, int batch) {
    Random random = Random.of(11);
    return Loader.of(TinyDataset.of(size, 3, 4, 4, 1))
        .batchSize(batch)
        .shuffle(random)
        .augment(Augmentation.of(new RandomCrop(2), new HorizontalFlip(), new Cutout(2)), random)
        .normalize(Normalization.identity(1));
  }

  @Test
  void batchesHaveTheShapesOfTheSamples() {
    Loader loader = Loader.of(TinyDataset.of(5, 3, 4, 6, 2)).batchSize(2).build();
    Batch batch = loader.epoch(0, 0).next();
    assertEquals(Shape.of(2, 4, 6, 2), batch.x().shape());
    assertArrayEquals(new int[] {0, 1}, batch.y().i32());
    assertEquals(1 / 255f, batch.x().f32()[48]);
    assertEquals(3, loader.count());
    assertEquals(5, loader.samples());
  }

  @Test
  void dropLastLeavesOutTheShortBatch() {
    Loader loader = Loader.of(TinyDataset.of(5, 3, 1, 1, 1)).batchSize(2).dropLast(true).build();
    assertEquals(2, loader.count());
    assertEquals(4, loader.samples());
    assertEquals(2, contents(loader.epoch(0, 0)).size());
  }

  @Property(tries = 30)
  void prefetchingChangesNothing(
      @ForAll @IntRange(min = 1, max = 40) int size,
      @ForAll @IntRange(min = 1, max = 9) int batch,
      @ForAll @IntRange(min = 1, max = 4) int depth,
      @ForAll @IntRange(min = 0, max = 3) int epoch) {
    assertEquals(
        contents(augmented(size, batch).prefetch(0).build().epoch(epoch, 0)),
        contents(augmented(size, batch).prefetch(depth).build().epoch(epoch, 0)));
  }

  @Test
  void anEpochResumedAtAnyStepGoesOnAsItWouldHave() {
    Loader loader = augmented(23, 4).build();
    List<String> whole = contents(loader.epoch(5, 0));
    for (int step = 0; step <= loader.count(); step++) {
      assertEquals(whole.subList(step, whole.size()), contents(loader.epoch(5, step)));
    }
  }

  @Test
  void everyEpochShowsAllSamplesInAnotherOrder() {
    Loader loader =
        Loader.of(TinyDataset.of(50, 3, 1, 1, 1)).batchSize(7).shuffle(Random.of(1)).build();
    int[] first = samples(loader, 0);
    assertFalse(Arrays.equals(first, samples(loader, 1)));
    Arrays.sort(first);
    assertArrayEquals(IntStream.range(0, 50).toArray(), first);
  }

  private static int[] samples(Loader loader, int epoch) {
    IntStream.Builder seen = IntStream.builder();
    loader
        .epoch(epoch, 0)
        .forEachRemaining(
            batch -> {
              for (float value : batch.x().f32()) {
                seen.add(Math.round(value * 255));
              }
            });
    return seen.build().toArray();
  }

  @Test
  void withoutShufflingSamplesComeInOrder() {
    Loader loader = Loader.of(TinyDataset.of(50, 3, 1, 1, 1)).batchSize(7).build();
    assertArrayEquals(IntStream.range(0, 50).toArray(), samples(loader, 3));
  }

  @Test
  void augmentationDiffersFromEpochToEpoch() {
    Random random = Random.of(1);
    Loader loader =
        Loader.of(TinyDataset.of(8, 2, 4, 4, 1))
            .augment(new RandomCrop(2), random)
            .prefetch(0)
            .build();
    assertNotEquals(contents(loader.epoch(0, 0)), contents(loader.epoch(1, 0)));
  }

  @Test
  void normalizationComesAfterAugmentation() {
    Loader loader =
        Loader.of(TinyDataset.of(1, 1, 1, 1, 1))
            .augment((sample, random) -> sample.fill(0, 0, 1, 3), Random.of(1))
            .normalize(new Normalization(new double[] {1}, new double[] {2}))
            .build();
    assertEquals(1f, loader.epoch(0, 0).next().x().f32()[0]);
  }

  @Test
  void theBatchBeforeStaysWhileTheNextIsInUse() throws Exception {
    for (int depth : new int[] {0, 1, 3}) {
      Loader loader =
          Loader.of(TinyDataset.of(40, 3, 1, 1, 1)).batchSize(2).prefetch(depth).build();
      Iterator<Batch> batches = loader.epoch(0, 0);
      Batch before = batches.next();
      for (int step = 1; step < loader.count(); step++) {
        Batch now = batches.next();
        // Time for a thread that runs too far ahead to overwrite what it must not.
        Thread.sleep(depth == 0 ? 0 : 2);
        assertEquals(2 * (step - 1), Math.round(before.x().f32()[0] * 255));
        assertEquals(2 * step, Math.round(now.x().f32()[0] * 255));
        before = now;
      }
    }
  }

  @Test
  void buffersAreReused() {
    Loader loader = Loader.of(TinyDataset.of(40, 3, 1, 1, 1)).batchSize(2).prefetch(0).build();
    Iterator<Batch> batches = loader.epoch(0, 0);
    Batch first = batches.next();
    batches.next();
    assertSame(first.x(), batches.next().x());
  }

  /** Fails at one sample. */
  private record Failing(Dataset base, int at, RuntimeException failure) implements Dataset {
    @Override
    public int size() {
      return base.size();
    }

    @Override
    public Shape sampleShape() {
      return base.sampleShape();
    }

    @Override
    public List<String> classNames() {
      return base.classNames();
    }

    @Override
    public int label(int index) {
      return base.label(index);
    }

    @Override
    public void read(int index, float[] out, int offset) {
      if (index == at) {
        throw failure;
      }
      base.read(index, out, offset);
    }
  }

  @Test
  void anErrorOfTheThreadSurfacesAtTheBatchItBelongsTo() {
    FormatException failure = new FormatException("x.png: damaged");
    Dataset data = new Failing(TinyDataset.of(10, 2, 1, 1, 1), 5, failure);
    for (int depth : new int[] {0, 2}) {
      Iterator<Batch> batches = Loader.of(data).batchSize(2).prefetch(depth).build().epoch(0, 0);
      batches.next();
      batches.next();
      assertSame(failure, assertThrows(FormatException.class, batches::next));
    }
  }

  @Test
  void closingEarlyStopsTheThread() throws Exception {
    Loader loader = Loader.of(TinyDataset.of(200, 2, 1, 1, 1)).batchSize(1).build();
    Iterator<Batch> batches = loader.epoch(0, 0);
    batches.next();
    ((AutoCloseable) batches).close();
    assertFalse(batches.hasNext());
    assertEquals(
        "loader: this iterator is closed",
        assertThrows(NoSuchElementException.class, batches::next).getMessage());
    assertTrue(threadsEnd());
  }

  @Test
  void theThreadEndsWithTheEpoch() throws Exception {
    contents(Loader.of(TinyDataset.of(20, 2, 1, 1, 1)).batchSize(3).build().epoch(0, 0));
    assertTrue(threadsEnd());
  }

  private static boolean threadsEnd() throws InterruptedException {
    for (int tries = 0; tries < 500; tries++) {
      boolean alive =
          Thread.getAllStackTraces().keySet().stream()
              .anyMatch(thread -> thread.getName().equals("espalier-loader"));
      if (!alive) {
        return true;
      }
      Thread.sleep(10);
    }
    return false;
  }

  @Test
  void refusesOptionsThatGiveNoBatch() {
    Loader.Builder builder = Loader.of(TinyDataset.of(5, 2, 1, 1, 1)).dropLast(true);
    assertEquals(
        "loader: 5 samples give no batch of 64; keep the last batch or lower the batch size",
        assertThrows(IllegalArgumentException.class, builder::build).getMessage());
    assertThrows(IllegalArgumentException.class, () -> builder.batchSize(0));
    assertThrows(IllegalArgumentException.class, () -> builder.prefetch(-1));
    assertThrows(ShapeException.class, () -> builder.normalize(Normalization.CIFAR10));
    Loader loader = builder.batchSize(2).build();
    assertThrows(IllegalArgumentException.class, () -> loader.epoch(0, 3));
  }
}
