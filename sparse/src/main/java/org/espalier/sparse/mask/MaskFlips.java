package org.espalier.sparse.mask;

import java.util.BitSet;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import org.espalier.tensor.Tensor;

/** Counts how often masks open or close: near 0 they may blink. */
final class MaskFlips {
  private final Map<LearnedMask, BitSet> before = new IdentityHashMap<>();
  private long count;

  void clear() {
    count = 0;
  }

  void restore(long counted) {
    count = counted;
  }

  long count() {
    return count;
  }

  /** Remembers which connections exist before a step. */
  void before(Collection<LearnedMask> masks) {
    before.clear();
    masks.forEach(mask -> before.put(mask, open(mask)));
  }

  /** Counts those that a step opened or closed. */
  void after(Collection<LearnedMask> masks) {
    for (LearnedMask mask : masks) {
      BitSet flipped = open(mask);
      flipped.xor(before.get(mask));
      count += flipped.cardinality();
    }
    before.clear();
  }

  private static BitSet open(LearnedMask mask) {
    Tensor scores = mask.score().raw();
    BitSet open = new BitSet(scores.count());
    for (int i = 0; i < scores.count(); i++) {
      open.set(i, scores.get(i) > 0);
    }
    return open;
  }
}
