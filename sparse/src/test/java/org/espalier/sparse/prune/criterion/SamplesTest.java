package org.espalier.sparse.prune.criterion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class SamplesTest {
  /** Counts its samples through and wants to be closed. */
  private static final class Counted implements Batches, Iterator<Batch>, AutoCloseable {
    private int next;
    private boolean closed;

    @Override
    public int count() {
      return 3;
    }

    @Override
    public int samples() {
      return 60;
    }

    @Override
    public Iterator<Batch> epoch(int epoch, int firstStep) {
      return this;
    }

    @Override
    public boolean hasNext() {
      return next < 60;
    }

    @Override
    public Batch next() {
      Tensor x = Tensor.zeros(20, 1);
      for (int i = 0; i < 20; i++) {
        x.set(i, next++);
      }
      return new Batch(x, Tensor.indices(new int[20]));
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void theFirstSamplesComeInOrderAFewAtATime() {
    for (int most : new int[] {7, 45, 100}) {
      Counted data = new Counted();
      List<Double> seen = new ArrayList<>();
      int[] largest = {0};
      int count =
          Samples.each(
              data,
              most,
              x -> {
                largest[0] = Math.max(largest[0], x.shape().size(0));
                Arrays.stream(x.toDoubles()).forEach(seen::add);
              });
      assertEquals(Math.min(most, 60), count);
      assertEquals(count, seen.size());
      for (int i = 0; i < count; i++) {
        assertEquals(i, seen.get(i));
      }
      assertTrue(largest[0] <= 16 && data.closed);
    }
  }
}
