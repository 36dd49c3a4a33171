package org.espalier.optim.train;

import java.util.Iterator;

/** Closes iterators of batches that hold a thread or a file. */
public final class Closing {
  private Closing() {}

  /** Closes an iterator if it can be closed. */
  public static void close(Iterator<?> iterator) {
    if (iterator instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (RuntimeException failure) {
        throw failure;
      } catch (Exception failure) {
        throw new IllegalStateException("batches: could not be closed", failure);
      }
    }
  }
}
