package org.espalier.sparse.prune;

import java.util.function.IntPredicate;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Tensor;

/** Follows an I32 buffer whose entries are numbers of channels of another tensor. */
final class IndexList {
  private final Parameter buffer;
  private final int[] named;
  private final boolean[] gone;

  /**
   * Creates the follower.
   *
   * @param buffer the buffer
   * @param named the nodes of the channels that the numbers speak of
   */
  IndexList(Parameter buffer, int[] named) {
    this.buffer = buffer;
    this.named = named;
    this.gone = new boolean[named.length];
  }

  Parameter buffer() {
    return buffer;
  }

  /** Renumbers the entries for channels that go; an entry that named one of them becomes -1. */
  void renumber(IntPredicate goes) {
    int[] positions = new int[named.length];
    int now = 0;
    int then = 0;
    boolean changed = false;
    for (int i = 0; i < named.length; i++) {
      if (!gone[i]) {
        boolean out = goes.test(named[i]);
        positions[now++] = out ? -1 : then++;
        gone[i] = out;
        changed |= out;
      }
    }
    if (changed) {
      buffer.update(index -> renumber(index, positions));
    }
  }

  /**
   * Replaces each number of an index list by its channel's new position, -1 where the channel
   * vanished; -1 stays.
   *
   * @param index the list, modified
   * @param positions the new position of each old number
   */
  static void renumber(Tensor index, int... positions) {
    int[] numbers = index.i32();
    for (int k = 0; k < index.count(); k++) {
      numbers[k] = numbers[k] < 0 ? -1 : positions[numbers[k]];
    }
  }
}
