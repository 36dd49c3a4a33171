package org.espalier.nn;

import java.util.Map;

/**
 * Has state that a {@link Snapshot} keeps, under a name of its own: a schedule that watches a
 * metric, a callback that counts.
 */
public interface Stateful {
  /** Returns the name of this state, one of its own in a run; without {@code /}. */
  String stateName();

  /**
   * Returns the state: {@link Snapshot plain values} and tensors by key; the snapshot copies
   * tensors.
   */
  Map<String, Object> state();

  /**
   * Goes on from a state that {@link #state()} gave. Numbers may come back as another type of
   * number: read them as {@link Number}. Tensors are the snapshot's: copy what is changed later.
   */
  void restoreState(Map<String, Object> state);
}
