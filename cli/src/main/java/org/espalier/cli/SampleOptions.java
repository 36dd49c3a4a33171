package org.espalier.cli;

import java.util.Map;
import picocli.CommandLine.Option;

/**
 * The options that say how many samples are used, in which batches and order, by how many threads.
 */
final class SampleOptions {
  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Use only N of the training samples, drawn by the seed.")
  private Integer limit;

  @Option(
      names = "--test-limit",
      paramLabel = "N",
      description = "Measure on only N of the test samples, drawn by the seed.")
  private Integer testLimit;

  @Option(
      names = {"--batch-size", "--batch"},
      description = "Samples a step (default: 64).")
  private int batchSize = 64;

  @Option(names = "--seed", description = "The seed of everything random (default: 1).")
  private long seed = 1;

  @Option(names = "--threads", description = "Threads (default: all); results do not depend on it.")
  private int threads = Runtime.getRuntime().availableProcessors();

  /** Refuses numbers out of range. */
  void check() {
    atLeastOne("--limit", limit == null ? 1 : limit);
    atLeastOne("--test-limit", testLimit == null ? 1 : testLimit);
    atLeastOne("--batch-size", batchSize);
    atLeastOne("--threads", threads);
  }

  private static void atLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(option + " must be at least 1, got " + value);
    }
  }

  /** Returns how many training samples are used, 0 for all. */
  int limit() {
    return limit == null ? 0 : limit;
  }

  /** Returns how many test samples are used, 0 for all. */
  int testLimit() {
    return testLimit == null ? 0 : testLimit;
  }

  /** Returns samples a step. */
  int batchSize() {
    return batchSize;
  }

  /** Returns the seed. */
  long seed() {
    return seed;
  }

  /** Returns how many threads work. */
  int threads() {
    return threads;
  }

  /** Adds the options that change results to a record that tells runs apart. */
  void addTo(Map<String, Object> settings) {
    settings.put("limit", (long) limit());
    settings.put("test_limit", (long) testLimit());
    settings.put("batch_size", (long) batchSize);
    settings.put("seed", seed);
  }
}
