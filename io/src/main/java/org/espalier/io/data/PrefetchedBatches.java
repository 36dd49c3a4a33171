package org.espalier.io.data;

import java.util.Iterator;
import java.util.NoSuchElementException;
import org.espalier.nn.Batch;
import org.espalier.tensor.StateException;

/**
 * Hands out batches that a daemon thread prepares ahead.
 *
 * <p>Producer and consumer share two counters under this object's lock. The thread is never
 * interrupted, because an interrupt would close a file channel that a data set may be reading.
 */
final class PrefetchedBatches implements Iterator<Batch>, AutoCloseable {
  private final BatchRing ring;
  private final int steps;
  private final int depth;
  private int asked;
  private int produced;
  private boolean closed;
  private Throwable failure;

  /** Starts the thread; {@code ring} has {@code depth + 2} slots. */
  PrefetchedBatches(BatchRing ring, int firstStep, int steps, int depth) {
    this.ring = ring;
    this.steps = steps;
    this.depth = depth;
    this.asked = firstStep;
    this.produced = firstStep;
    Thread thread = new Thread(this::produce, "espalier-loader");
    thread.setDaemon(true);
    thread.start();
  }

  private void produce() {
    try {
      for (int step = produced; awaitRoom(step); step++) {
        ring.prepare(step);
        publish();
      }
    } catch (InterruptedException interrupt) {
      fail(new StateException("loader: its thread was interrupted by somebody else"));
    } catch (Throwable problem) {
      fail(problem);
    }
  }

  /**
   * Waits until the slot of a step is free: its last batch was handed out at least two calls ago.
   */
  private synchronized boolean awaitRoom(int step) throws InterruptedException {
    while (!closed && step < steps && step > asked + depth - 1) {
      wait();
    }
    return !closed && step < steps;
  }

  private synchronized void publish() {
    produced++;
    notifyAll();
  }

  private synchronized void fail(Throwable problem) {
    failure = problem;
    notifyAll();
  }

  @Override
  public synchronized boolean hasNext() {
    return !closed && asked < steps;
  }

  @Override
  public synchronized Batch next() {
    if (!hasNext()) {
      throw new NoSuchElementException(
          closed
              ? "loader: this iterator is closed"
              : "loader: the epoch has only " + steps + " batches");
    }
    int step = asked++;
    notifyAll();
    while (produced <= step && failure == null && !closed) {
      awaitChange();
    }
    if (produced <= step) {
      throw rethrown();
    }
    return ring.prepared(step);
  }

  private void awaitChange() {
    try {
      wait();
    } catch (InterruptedException interrupt) {
      close();
      Thread.currentThread().interrupt();
      throw new StateException("loader: interrupted while waiting for a batch");
    }
  }

  /** Returns the failure itself, so that callers see the same exception as without prefetching. */
  private RuntimeException rethrown() {
    closed = true;
    if (failure == null) {
      return new StateException("loader: closed while waiting for a batch");
    }
    failure.addSuppressed(new StateException("loader: the batch was asked for here"));
    if (failure instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure;
  }

  /** Stops the thread; it ends after the batch it is preparing. */
  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
