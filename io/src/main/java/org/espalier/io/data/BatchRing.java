package org.espalier.io.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.espalier.nn.Batch;

/**
 * Keeps the tensors of the batches in flight: step k uses slot {@code k mod slots}, so the tensors
 * of a batch come up again {@code slots} steps later.
 */
final class BatchRing {
  /** Makes and fills batches. */
  interface Filler {
    /** Returns the number of samples in the batch of a step. */
    int size(int step);

    /** Returns fresh tensors for the batch of a step. */
    Batch allocate(int step);

    /** Writes the batch of a step; the batch is modified. */
    void fill(int step, Batch batch);
  }

  private final Batch[] slots;
  private final Filler filler;

  BatchRing(int slots, Filler filler) {
    this.slots = new Batch[slots];
    this.filler = filler;
  }

  /** Prepares the batch of a step in its slot and returns it. */
  Batch prepare(int step) {
    int slot = step % slots.length;
    // A short last batch has a shape of its own, so it gets fresh tensors.
    if (slots[slot] == null || slots[slot].size() != filler.size(step)) {
      slots[slot] = filler.allocate(step);
    }
    filler.fill(step, slots[slot]);
    return slots[slot];
  }

  /** Returns the batch that was prepared last in the slot of a step. */
  Batch prepared(int step) {
    return slots[step % slots.length];
  }

  /** Returns an iterator that prepares each batch when it is asked for. */
  Iterator<Batch> direct(int firstStep, int steps) {
    return new Iterator<>() {
      private int step = firstStep;

      @Override
      public boolean hasNext() {
        return step < steps;
      }

      @Override
      public Batch next() {
        if (!hasNext()) {
          throw new NoSuchElementException("loader: the epoch has only " + steps + " batches");
        }
        return prepare(step++);
      }
    };
  }
}
