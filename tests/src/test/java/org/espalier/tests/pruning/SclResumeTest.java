package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.LearnedMask;
import org.espalier.sparse.mask.SparseConnectivity;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.DeadUnits;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Learns the connections of a small convolutional net on the procedural pictures: to the end, and
 * interrupted and resumed from files, to the same bits; then takes the dead units out.
 */
class SclResumeTest {
  private static final Shape IMAGE = Shape.of(32, 32, 3);

  private static Module net() {
    ConvConfig stride = ConvConfig.kernel(3).withStride(2);
    return Sequential.builder()
        .add("c1", new Conv2d(3, 8, stride))
        .add("n1", new BatchNorm(8))
        .add("relu1", Activation.relu())
        .add("c2", new Conv2d(8, 16, stride))
        .add("n2", new BatchNorm(16))
        .add("relu2", Activation.relu())
        .add("pool", new GlobalAveragePool())
        .add("fc", new Linear(16, 10))
        .build();
  }

  private static Loader data() {
    return Loader.of(Shapes.training(1, 64)).batchSize(16).shuffle(Random.of(4)).build();
  }

  private static Trainer.Builder builder(Module model) {
    SparseConnectivity scl = SparseConnectivity.builder(IMAGE, 0.35).fineTuneEpochs(1).build();
    Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).weightDecay(5e-4).build();
    return Trainer.builder(model, new CrossEntropy(), scl.optimizer(sgd), data())
        .callback(scl)
        .schedule(Schedule.cosine(6, 0))
        .epochs(6)
        .seed(4);
  }

  @Test
  void aRunResumedFromFilesEndsAlikeAndItsDeadUnitsGo(@TempDir Path folder) {
    Module whole = net();
    History expected = builder(whole).build().run();
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(net())
            .store(Checkpoint.folder(folder))
            .progress(
                progress -> {
                  if (progress.epoch() == 2 && progress.step() == 2) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    Snapshot saved = Checkpoint.folder(folder).load("last");
    Module resumed = saved.build();
    assertTrue(resumed.parameters().stream().anyMatch(LearnedMask::isScore));
    History actual = builder(resumed).resume(saved).build().run();
    assertEquals(expected.metric("train_loss"), actual.metric("train_loss"));
    assertEquals(
        expected.last().metrics().get("sparsity"), actual.last().metrics().get("sparsity"));
    whole
        .state()
        .forEach(
            (path, parameter) ->
                assertTrue(parameter.raw().bitEquals(resumed.parameter(path).raw()), path));
    long zeros = 0;
    long all = 0;
    for (String path : new String[] {"c1.weight", "c2.weight", "fc.weight"}) {
      for (double w : whole.parameter(path).raw().toDoubles()) {
        zeros += w == 0 ? 1 : 0;
        all++;
      }
    }
    assertTrue(zeros > all / 10 && zeros < all, zeros + " of " + all);
    Evaluator evaluator = new Evaluator(new CrossEntropy());
    double before = evaluator.evaluate(whole, data()).loss();
    CompactReport report = DeadUnits.remove(whole, IMAGE);
    assertEquals(before, evaluator.evaluate(whole, data()).loss(), 1e-5 * (1 + before));
    assertTrue(report.parametersAfter() <= report.parametersBefore());
  }
}
