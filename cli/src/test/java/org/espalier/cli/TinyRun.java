package org.espalier.cli;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Is a run that was trained, without pruning, for the tests of a class to work with.
 *
 * @param data the samples it learned from, an {@code idx:} folder
 * @param folder the run folder
 */
record TinyRun(Path data, Path folder) {
  /**
   * Draws samples and trains on them.
   *
   * @param shared a folder of the class
   * @param options more options of {@code train}: the model and the epochs
   */
  static TinyRun train(Path shared, int training, int test, String options) throws IOException {
    Path data = TinyData.idx(shared.resolve("idx"), training, test);
    Path folder = shared.resolve("run");
    Cli.of("train --data idx:%s --prune none --validation 0 --out %s " + options, data, folder)
        .done();
    return new TinyRun(data, folder);
  }
}
