package org.espalier.bench.peers;

/**
 * What a contest brought.
 *
 * @param contest the contest
 * @param threads threads of either side
 * @param espalierMillis median time of our side
 * @param peerMillis median time of the peer
 * @param low lower quartile of the ratios of neighbouring repetitions
 * @param high upper quartile of these
 * @param difference largest difference of the outputs relative to the largest output
 */
record Result(
    Contest contest,
    int threads,
    double espalierMillis,
    double peerMillis,
    double low,
    double high,
    double difference) {

  /** Returns how many times as fast as the peer we are. */
  double ratio() {
    return peerMillis / espalierMillis;
  }
}
