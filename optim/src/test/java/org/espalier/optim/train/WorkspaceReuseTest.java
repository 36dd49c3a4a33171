package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Iterator;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Adam;
import org.espalier.optim.Rate;
import org.junit.jupiter.api.Test;

class WorkspaceReuseTest {
  @Test
  void aSteadyTrainingStepMakesNoArrays() {
    Module model = Toys.convNet().initialize(0);
    Toys.Samples data = Toys.pictures(24, 6);
    Trainer trainer =
        Trainer.builder(model, new CrossEntropy(), Adam.builder().build(), data)
            .clipNorm(1)
            .build();
    Stepper stepper = new Stepper(trainer);
    run(stepper, data, 0);
    long made = stepper.bytesMade();
    assertTrue(made > 0);
    for (int epoch = 1; epoch < 6; epoch++) {
      run(stepper, data, epoch);
    }
    assertEquals(made, stepper.bytesMade());
  }

  private static void run(Stepper stepper, Toys.Samples data, int epoch) {
    Iterator<Batch> batches = data.epoch(epoch, 0);
    for (int k = 0; batches.hasNext(); k++) {
      stepper.step(batches, epoch, k, Rate.BASE, new Tally());
    }
  }
}
