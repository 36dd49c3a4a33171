package org.espalier.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C (or a plain kill) end training in good order: the virtual machine goes down only when
 * the run has finished its step, saved its snapshot and said how to go on.
 */
final class StopOnExit implements AutoCloseable {
  private static final int MOST_MINUTES = 2;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  /** Asks for a stop by {@code requestStop} when the virtual machine is told to go down. */
  StopOnExit(Runnable requestStop) {
    hook =
        new Thread(
            () -> {
              requestStop.run();
              awaitClose();
            },
            "espalier-save-on-exit");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Tells whether the virtual machine is going down; if not, it will no longer wait for us. */
  boolean isGoingDown() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
      return false;
    } catch (IllegalStateException shutdownInProgress) {
      return true;
    }
  }

  private void awaitClose() {
    try {
      closed.await(MOST_MINUTES, TimeUnit.MINUTES);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the virtual machine go down, if it is waiting. */
  @Override
  public void close() {
    isGoingDown();
    closed.countDown();
  }
}
