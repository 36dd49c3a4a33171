package org.espalier.bench.peers;

/**
 * The two ways to do the work of a contest, on the same inputs.
 *
 * @param espalier our side
 * @param peer the other engine's
 * @param work how many times our work the peer's is; its time is divided by it
 */
record Sides(Side espalier, Side peer, double work) implements AutoCloseable {
  /** Both sides do the same work. */
  Sides(Side espalier, Side peer) {
    this(espalier, peer, 1);
  }

  @Override
  public void close() {
    espalier.close();
    peer.close();
  }
}
