package org.espalier.tests.pruning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Rls;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.rls.PrunedResidual;
import org.espalier.sparse.prune.rls.RecoveryPruningSchedule;
import org.espalier.sparse.prune.rls.RlsPruner;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Interrupts runs that train and prune a residual network by least squares, and resumes them from
 * files: weights, velocities and P end with the bits of runs that never stopped.
 */
class RlsResumeTest {
  private static final Shape IMAGE = Shape.of(32, 32, 3);

  private static Trainer.Builder builder(
      Module model, double forgetting, PrunedResidual residual, Path folder) {
    Dataset images = Shapes.training(1, 32);
    RlsPruner pruner = RlsPruner.builder(IMAGE).ratio(0.3).prunedResidual(residual).build();
    Snapshot.Store store = Checkpoint.folder(folder);
    return Trainer.builder(
            model,
            new CrossEntropy(),
            Rls.builder().gradientScale(0.05).momentum(0.5).forgettingFactor(forgetting).build(),
            Loader.of(images).batchSize(16).shuffle(Random.of(4)).build())
        .epochs(4)
        .seed(4)
        .validation(Loader.of(images).batchSize(16).build())
        .store(store)
        .callback(
            RecoveryPruningSchedule.builder(pruner)
                .firstPruneEpoch(1)
                .lastPruneEpoch(2)
                .tolerance(100)
                .store(store)
                .build());
  }

  private static void resumes(double forgetting, PrunedResidual residual, Path folder) {
    Module whole = ResNet.cifar(8, 10);
    History expected = builder(whole, forgetting, residual, folder.resolve("whole")).build().run();
    Path parts = folder.resolve("parts");
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(ResNet.cifar(8, 10), forgetting, residual, parts)
            .progress(
                progress -> {
                  if (progress.epoch() == 2 && progress.step() == 1) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());
    Snapshot saved = Checkpoint.folder(parts).load("last");
    Module resumed = saved.build();
    History actual = builder(resumed, forgetting, residual, parts).resume(saved).build().run();
    assertEquals(expected.metric("val_loss"), actual.metric("val_loss"));
    assertTrue(
        whole.parameter("layer1.0.branch.conv1.weight").shape().size(0) < 12, "pruned twice");
    whole
        .state()
        .forEach(
            (path, parameter) -> {
              var other = resumed.parameter(path);
              assertTrue(parameter.raw().bitEquals(other.raw()), path);
              assertEquals(parameter.slots().keySet(), other.slots().keySet(), path);
              parameter
                  .slots()
                  .forEach(
                      (name, slot) ->
                          assertTrue(
                              slot.tensor().bitEquals(other.slots().get(name).tensor()),
                              path + "#" + name));
            });
  }

  @Test
  void floatsResumeBitForBit(@TempDir Path folder) {
    resumes(1, PrunedResidual.GROUP, folder);
  }

  @Test
  void doublesAndGatheredStreamsResumeBitForBit(@TempDir Path folder) {
    resumes(0.99, PrunedResidual.GATHER, folder);
  }
}
