package org.espalier.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Augmentation;
import org.espalier.io.data.HorizontalFlip;
import org.espalier.io.data.Loader;
import org.espalier.io.data.RandomCrop;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Adam;
import org.espalier.optim.Group;
import org.espalier.optim.ReduceOnPlateau;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that a run resumed from files on disk ends with the bits of one that never stopped. */
class ResumeFromFileTest {
  private static Trainer.Builder builder(Module model) {
    Random random = Random.of(4);
    Loader data =
        Loader.of(Shapes.training(1, 48))
            .batchSize(16)
            .shuffle(random)
            .augment(Augmentation.of(new RandomCrop(4), new HorizontalFlip()), random)
            .build();
    Group plain = Group.of(parameter -> parameter.name().endsWith("bias")).weightDecay(0);
    return Trainer.builder(
            model, new CrossEntropy(), Adam.builder().weightDecay(1e-3).group(plain).build(), data)
        .schedule(ReduceOnPlateau.builder().patience(0).build())
        .epochs(2)
        .seed(4);
  }

  @Test
  void aRunStoppedInTheMiddleOfAnEpochEndsAlike(@TempDir Path folder) {
    Module whole = ResNet.cifar(8, 10);
    History expected = builder(whole).build().run();

    Snapshot.Store store = Checkpoint.folder(folder);
    Trainer[] trainer = new Trainer[1];
    trainer[0] =
        builder(ResNet.cifar(8, 10))
            .store(store)
            .progress(
                progress -> {
                  if (progress.epoch() == 1 && progress.step() == 2) {
                    trainer[0].requestStop();
                  }
                })
            .build();
    assertEquals(History.End.INTERRUPTED, trainer[0].run().end());

    Snapshot saved = Checkpoint.folder(folder).load("last");
    Module resumed = saved.build();
    History actual = builder(resumed).resume(saved).build().run();
    whole
        .state()
        .forEach(
            (path, parameter) -> {
              assertTrue(parameter.raw().bitEquals(resumed.parameter(path).raw()), path);
              parameter
                  .slots()
                  .forEach(
                      (name, slot) ->
                          assertTrue(
                              slot.tensor()
                                  .bitEquals(resumed.parameter(path).slots().get(name).tensor())));
            });
    assertEquals(expected.metric("train_loss"), actual.metric("train_loss"));
    assertEquals(expected.bestEpoch(), actual.bestEpoch());
  }
}
