package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Idx;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Normalization;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.lowrank.Coverage;
import org.espalier.sparse.lowrank.Decomposition;
import org.espalier.sparse.lowrank.LowRankForecast;
import org.espalier.sparse.lowrank.LowRankProjection;
import org.espalier.sparse.lowrank.RankPolicy;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Trains a small convolutional network with up to four fifths of its singular values projected away
 * (sheet 09, the small measurement of section 4, here on 1,500 MNIST images), splits it, saves it
 * and compares with the truncated dense network.
 */
class LrpetOnMnistTest {
  private static final Shape IMAGE = Shape.of(28, 28, 1);
  private static final RankPolicy RANKS = RankPolicy.ratio(0.8).withFloors(4, 4);
  private static final int EPOCHS = 6;

  private static Dataset training;
  private static Dataset test;

  @BeforeAll
  static void read() throws IOException {
    Path mnist = Path.of(System.getProperty("espalier.data", "")).resolve("mnist");
    Assumptions.assumeTrue(
        Files.exists(mnist), () -> "no " + mnist + "; set -Despalier.data to the data folder");
    training = Idx.training(mnist).take(1500);
    test = Idx.test(mnist).take(1000);
  }

  private static Loader.Builder loader(Dataset data) {
    return Loader.of(data).normalize(Normalization.MNIST);
  }

  private static Module net() {
    Sequential.Builder net = Sequential.builder().add("halve", new AveragePool(2));
    int in = 1;
    for (int i = 1; i <= 3; i++) {
      int out = 8 << i;
      ConvConfig config =
          ConvConfig.kernel(3).withPadding(1).withStride(i == 1 ? 1 : 2).withoutBias();
      net.add("conv" + i, new Conv2d(in, out, config))
          .add("bn" + i, new BatchNorm(out))
          .add("relu" + i, Activation.relu());
      in = out;
    }
    return net.add("pool", new GlobalAveragePool())
        .add("fc", new Linear(in, 10))
        .build()
        .initialize(5);
  }

  private static Recalibration recalibration() {
    return Recalibration.fresh(loader(training).batchSize(100).build());
  }

  private static Module train(Callback... callbacks) {
    Module model = net();
    Trainer.Builder trainer =
        Trainer.builder(
                model,
                new CrossEntropy(),
                Sgd.builder().rate(0.1).momentum(0.9).weightDecay(1e-4).build(),
                loader(training).batchSize(50).shuffle(Random.of(1)).build())
            .schedule(Schedule.cosine(EPOCHS, 0))
            .epochs(EPOCHS)
            .seed(1);
    for (Callback callback : callbacks) {
      trainer.callback(callback);
    }
    trainer.build().run();
    return model;
  }

  private static double accuracy(Module model) {
    return new Evaluator(new CrossEntropy())
        .evaluate(model, loader(test).batchSize(250).build())
        .accuracy();
  }

  @Test
  void aProjectedNetSurvivesItsSplitWhereADenseOneDoesNot(@TempDir Path folder) {
    LowRankProjection projection =
        LowRankProjection.builder(IMAGE, RANKS)
            .everySteps(22)
            .recalibrateAtEnd(recalibration())
            .build();
    Module model = train(projection);
    double projected = accuracy(model);
    assertTrue(projected > 0.7, "accuracy of the projected net " + projected);
    LowRankForecast forecast = LowRankForecast.of(model, IMAGE, Coverage.CONVOLUTIONS, RANKS);
    Decomposition.at(IMAGE).asStrict().apply(model);
    assertEquals(forecast.macs(), Costs.of(model, IMAGE).macs());
    assertTrue(forecast.macsSaved() > 0.6, forecast.toString());
    assertEquals(projected, accuracy(model), 0.0015);

    Snapshot.Store store = Checkpoint.folder(folder);
    store.save("compact", Snapshot.of(model, Map.of()));
    assertEquals(accuracy(model), accuracy(store.load("compact").build()));

    Module dense = train();
    Decomposition.at(IMAGE).withRanks(RANKS).withRecalibration(recalibration()).apply(dense);
    double truncated = accuracy(dense);
    assertTrue(projected > truncated + 0.2, "projected " + projected + ", truncated " + truncated);
  }
}
