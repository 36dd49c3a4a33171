package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Mlp;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Rls;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.rls.InputSelection;
import org.espalier.sparse.prune.rls.RecoveryPruningSchedule;
import org.espalier.sparse.prune.rls.RlsPruner;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Compares recursive least squares with gradient descent on MNIST, and prunes a perceptron (section
 * 4 of the sheet): pixel/255, batches of 64, one thread.
 *
 * <p>By default one seed on few images, which takes seconds. The system property {@code
 * espalier.acceptance} = number of seeds asks for the whole figures, as docs/results/rls.md shows.
 */
class RlsOnMnistTest {
  private static final System.Logger LOG = System.getLogger(RlsOnMnistTest.class.getName());
  private static final int SEEDS = Integer.getInteger("espalier.acceptance", 0);

  /** What one run ended with. */
  private record Outcome(double accuracy, long parameters, List<Integer> prunedAfter) {}

  private static Dataset training;
  private static Dataset test;

  @BeforeAll
  static void read() throws IOException {
    Path mnist = Path.of(System.getProperty("espalier.data", "")).resolve("mnist");
    Assumptions.assumeTrue(
        Files.exists(mnist), () -> "no " + mnist + "; set -Despalier.data to the data folder");
    training = Idx.training(mnist);
    test = Idx.test(mnist);
  }

  private static boolean isWhole() {
    return SEEDS > 0;
  }

  private static Loader.Builder loader(Dataset data) {
    return Loader.of(data).normalize(Normalization.identity(1));
  }

  private static Loader epochs(Dataset data, long seed) {
    return loader(data).batchSize(64).shuffle(Random.of(seed)).build();
  }

  private static Outcome run(
      long seed, int[] sizes, Optimizer optimizer, Dataset data, int epochs, int firstPruneEpoch) {
    Module model = Mlp.of(sizes).initialize(seed);
    RecoveryPruningSchedule schedule =
        RecoveryPruningSchedule.builder(RlsPruner.builder(Shape.of(28, 28, 1)).build())
            .firstPruneEpoch(firstPruneEpoch)
            .lastPruneEpoch(Math.max(1, epochs - 3))
            .build();
    Trainer.Builder trainer =
        Trainer.builder(model, new CrossEntropy(), optimizer, epochs(data, seed))
            .epochs(epochs)
            .seed(seed)
            .validation(loader(test).batchSize(500).build());
    (firstPruneEpoch > epochs ? trainer : trainer.callback(schedule)).build().run();
    long parameters = model.parameters().stream().mapToLong(p -> p.raw().count()).sum();
    for (InputSelection selection : InputSelection.of(model)) {
      assertEquals(selection.inputs().length, selection.weight().shape().size(-1));
    }
    return new Outcome(accuracy(model), parameters, schedule.prunedAfter());
  }

  /** Returns the percentage of right answers on the test images. */
  private static double accuracy(Module model) {
    return 100
        * new org.espalier.optim.train.Evaluator(new CrossEntropy())
            .evaluate(model, loader(test).batchSize(500).build())
            .accuracy();
  }

  /** Runs all seeds on one thread and returns the mean accuracy. */
  private static double mean(Supplier<Optimizer> optimizer, int images, int epochs) {
    int[] sizes = {784, 64, 10};
    double[] accuracies =
        seeds()
            .mapToDouble(
                seed ->
                    single(
                        () ->
                            run(seed, sizes, optimizer.get(), images(images), epochs, epochs + 1)
                                .accuracy))
            .toArray();
    return Arrays.stream(accuracies).average().orElseThrow();
  }

  private static LongStream seeds() {
    return LongStream.rangeClosed(1, Math.max(1, SEEDS));
  }

  private static Dataset images(int count) {
    return training.take(count);
  }

  private static <T> T single(Supplier<T> work) {
    ForkJoinPool pool = new ForkJoinPool(1);
    try {
      return pool.submit(work::get).join();
    } finally {
      pool.shutdown();
    }
  }

  private static Rls rls(double momentum) {
    return Rls.builder().momentum(momentum).build();
  }

  private static void compare(int images, int epochs, double margin) {
    double sgd = mean(() -> Sgd.builder().rate(0.1).build(), images, epochs);
    double least = mean(() -> rls(0), images, epochs);
    report("%,d images, %d epochs: sgd %.2f %%, rls %.2f %%", images, epochs, sgd, least);
    if (isWhole()) {
      double heavy = mean(() -> Sgd.builder().rate(0.1).momentum(0.9).build(), images, epochs);
      report(
          "sgd momentum 0.9: %.2f %%, rls momentum 0.5: %.2f %%",
          heavy, mean(() -> rls(0.5), images, epochs));
    }
    assertTrue(least >= sgd + margin, least + " and " + sgd);
  }

  private static void report(String format, Object... values) {
    LOG.log(System.Logger.Level.INFO, format.formatted(values));
  }

  @Test
  void leastSquaresLearnFasterThanGradientDescent() {
    if (isWhole()) {
      compare(10_000, 3, 3);
      compare(60_000, 3, 1);
    } else {
      compare(3_000, 2, 3);
    }
  }

  /**
   * The losses of single runs decide how often they prune: about half prune twice and a half once.
   */
  @Test
  void aPerceptronLosesInputsAndHardlyAccuracy() {
    int images = isWhole() ? 10_000 : 3_000;
    int epochs = isWhole() ? 20 : 6;
    int[] sizes = {784, 128, 64, 10};
    double removed = 0;
    double lost = 0;
    for (long seed : seeds().toArray()) {
      Outcome whole = single(() -> run(seed, sizes, rls(0.5), images(images), epochs, epochs + 1));
      Outcome pruned = single(() -> run(seed, sizes, rls(0.5), images(images), epochs, 3));
      double share = 100.0 * (whole.parameters - pruned.parameters) / whole.parameters;
      report(
          "seed %d: %,d of %,d parameters (%.1f %% fewer), %.2f %% instead of %.2f %%, pruned behind %s",
          seed,
          pruned.parameters,
          whole.parameters,
          share,
          pruned.accuracy,
          whole.accuracy,
          pruned.prunedAfter);
      removed += share / seeds().count();
      lost += (whole.accuracy - pruned.accuracy) / seeds().count();
      assertTrue(!pruned.prunedAfter.isEmpty() && share > 0, "seed " + seed);
    }
    report("mean: %.1f %% fewer parameters, %.2f points less", removed, lost);
    assertTrue(lost <= 1.5, "lost " + lost);
    assertTrue(removed >= (isWhole() ? 40 : 30), "removed " + removed);
  }
}
