package org.espalier.bench.peers;

import java.util.List;

/** Makes the contests of one kind of work. */
@FunctionalInterface
interface Group {
  /** Returns the contests, with as many threads on both sides. */
  List<Contest> contests(int threads);
}
