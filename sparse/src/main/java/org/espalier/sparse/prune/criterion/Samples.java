package org.espalier.sparse.prune.criterion;

import java.util.Iterator;
import java.util.function.Consumer;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.tensor.Tensor;

/** Hands samples over a few at a time: a pass that records all holds every value of them. */
public final class Samples {
  private static final int AT_ONCE = 16;

  private Samples() {}

  /**
   * Hands over the first samples of epoch 0, in order.
   *
   * @param data the samples; left early where that is enough, and closed
   * @param most how many at most
   * @param some takes {@code [n, ...]}, its own to keep
   * @return how many there were
   */
  public static int each(Batches data, int most, Consumer<Tensor> some) {
    Iterator<Batch> batches = data.epoch(0, 0);
    int done = 0;
    try {
      while (done < most && batches.hasNext()) {
        Tensor x = batches.next().x();
        int size = Math.min(x.shape().size(0), most - done);
        for (int from = 0; from < size; from += AT_ONCE) {
          some.accept(part(x, from, Math.min(AT_ONCE, size - from)));
        }
        done += size;
      }
    } finally {
      close(batches);
    }
    return done;
  }

  private static Tensor part(Tensor x, int from, int count) {
    int each = x.count() / x.shape().size(0);
    Tensor part = Tensor.zeros(x.dtype(), x.shape().with(0, count));
    for (int e = 0; e < part.count(); e++) {
      part.set(e, x.get(from * each + e));
    }
    return part;
  }

  private static void close(Iterator<Batch> batches) {
    if (batches instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new IllegalStateException("the batches could not be closed", e);
      }
    }
  }
}
