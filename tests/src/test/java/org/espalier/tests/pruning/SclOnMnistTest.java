package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Mlp;
import org.espalier.optim.Group;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.MaskGradientNormalization;
import org.espalier.sparse.mask.SparseConnectivity;
import org.espalier.sparse.mask.SparseConnectivityBuilder;
import org.espalier.sparse.mask.StraightThrough;
import org.espalier.sparse.prune.DeadUnits;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Learns the connections of a perceptron on the sheet's small MNIST (section 4): 2,000 images as
 * 4x4 block means, 49-128-64-10, 60 epochs, 1,000 test images.
 *
 * <p>By default one seed; the system property {@code espalier.acceptance} = number of seeds asks
 * for the sheet's table, which is logged.
 */
class SclOnMnistTest {
  private static final System.Logger LOG = System.getLogger(SclOnMnistTest.class.getName());
  private static final int SEEDS = Integer.getInteger("espalier.acceptance", 0);
  private static final int EPOCHS = 60;
  private static final Shape IMAGE = Shape.of(28, 28, 1);

  /** What runs ended with, on average. */
  private record Outcome(double accuracy, double sparsity) {}

  private static Dataset training;
  private static Dataset test;

  @BeforeAll
  static void read() throws IOException {
    Path mnist = Path.of(System.getProperty("espalier.data", "")).resolve("mnist");
    Assumptions.assumeTrue(
        Files.exists(mnist), () -> "no " + mnist + "; set -Despalier.data to the data folder");
    training = Idx.training(mnist).take(2000);
    test = Idx.test(mnist).take(1000);
  }

  private static Loader.Builder loader(Dataset data) {
    return Loader.of(data).normalize(Normalization.identity(1));
  }

  private static SparseConnectivityBuilder scl(double lambda) {
    return SparseConnectivity.builder(IMAGE, lambda);
  }

  /** Trains; without masks where there is no builder. */
  private static Outcome run(String name, SparseConnectivityBuilder builder) {
    double accuracy = 0;
    double sparsity = 0;
    int seeds = Math.max(1, SEEDS);
    for (int seed = 1; seed <= seeds; seed++) {
      Module model =
          Sequential.builder()
              .add("means", new AveragePool(4))
              .add("mlp", Mlp.of(49, 128, 64, 10))
              .build()
              .initialize(seed);
      Group biases = Group.of(parameter -> parameter.name().endsWith("bias")).weightDecay(0);
      Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).weightDecay(5e-4).group(biases).build();
      SparseConnectivity scl = (builder == null ? scl(0) : builder).build();
      Loader batches = loader(training).batchSize(64).shuffle(Random.of(seed)).build();
      Trainer.Builder trainer =
          Trainer.builder(
                  model, new CrossEntropy(), builder == null ? sgd : scl.optimizer(sgd), batches)
              .schedule(Schedule.cosine(EPOCHS, 0))
              .epochs(EPOCHS)
              .seed(seed);
      History history = (builder == null ? trainer : trainer.callback(scl)).build().run();
      double reached = accuracy(model);
      accuracy += reached / seeds;
      if (builder != null) {
        sparsity += history.last().metrics().get("sparsity") / seeds;
        DeadUnits.remove(model, IMAGE);
        assertEquals(reached, accuracy(model), 1e-3, "without its dead units");
      }
    }
    LOG.log(
        System.Logger.Level.INFO,
        "SCL on MNIST-2000, %s: accuracy %.1f %%, sparsity %.1f %%"
            .formatted(name, 100 * accuracy, 100 * sparsity));
    return new Outcome(accuracy, sparsity);
  }

  private static double accuracy(Module model) {
    return new Evaluator(new CrossEntropy())
        .evaluate(model, loader(test).batchSize(500).build())
        .accuracy();
  }

  @Test
  void threeQuartersOfTheConnectionsGoForAPointAndAHalf() {
    Outcome dense = run("dense", null);
    Outcome sparse = run("identity L2 0.01", scl(0.01));
    assertTrue(sparse.sparsity >= 0.75, "sparsity " + sparse.sparsity);
    // On 1,000 images a single run spreads by a point; docs/results/scl.md has eight seeds.
    double allowed = SEEDS >= 8 ? 0.015 : 0.03;
    assertTrue(sparse.accuracy >= dense.accuracy - allowed, dense + " " + sparse);
  }

  @Test
  void withoutNormalisationThereIsACliff() {
    Assumptions.assumeTrue(SEEDS > 0, "asked for by -Despalier.acceptance=8");
    MaskGradientNormalization none = MaskGradientNormalization.NONE;
    Outcome above = run("identity none 0.001", scl(0.001).normalization(none));
    assertTrue(above.sparsity < 0.05, above.toString());
    Outcome low = run("identity L2 0.001", scl(0.001));
    Outcome high = run("identity L2 0.03", scl(0.03));
    assertTrue(low.sparsity < 0.4 && high.sparsity > 0.9, low + " " + high);
    run("leaky ReLU L2 0.03", scl(0.03).straightThrough(StraightThrough.leakyRelu(0.1)));
    run("softplus L2 0.03", scl(0.03).straightThrough(StraightThrough.SOFTPLUS));
  }
}
