package org.espalier.bench.peers;

/**
 * What a contest brought.
 *
 * @param contest the contest
 * @param threads threads of either side
 * @param espalierMillis median time of our side
 * @param peerMillis median time of the peer
 * @param work how many times our work the peer's is
 * @param low lower quartile of the ratios of neighbouring repetitions
 * @param high upper quartile of these
 * @param difference norm of the difference of the outputs, relative to that of the output; the
 *     largest of all outputs
 */
record Result(
    Contest contest,
    int threads,
    double espalierMillis,
    double peerMillis,
    double work,
    double low,
    double high,
    double difference) {

  /** Returns how many times as fast as the peer we are, for each unit of work. */
  double ratio() {
    return peerMillis / espalierMillis / work;
  }
}
