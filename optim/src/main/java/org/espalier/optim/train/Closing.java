package org.espalier.optim.train;

import java.util.Iterator;

/** Closes iterators that hold a thread or a file. */
final class Closing {
  private Closing() {}

  static void close(Iterator<?> iterator) {
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
