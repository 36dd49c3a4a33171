package org.espalier.bench.peers;

import java.util.List;

/** One engine's way to do a piece of work. */
interface Side extends AutoCloseable {
  /** Does what must be done before each run but is not part of the work; not timed. */
  default void prepare() {}

  /** Does the work once; timed. */
  void run();

  /** Returns what the last run computed, in an order that both sides share. */
  List<float[]> outputs();

  /** Frees what the engine holds. */
  @Override
  default void close() {}
}
