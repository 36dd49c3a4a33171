package org.espalier.optim.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Iterator;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.optim.Adam;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Step;
import org.espalier.tensor.Random;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;

/** Shows that the loop can be written by hand, without a trainer. */
class HandWrittenLoopTest {
  @Test
  void aLoopOfFifteenLinesTrains() {
    Batches data = Toys.spirals(120, 40);
    Module model = Toys.perceptron(2, 24, 2).initialize(1);

    Optimizer optimizer = Adam.builder().rate(0.03).build();
    Workspace workspace = new Workspace();
    Random random = Random.of(1);
    double last = 0;
    for (int epoch = 0; epoch < 400; epoch++) {
      Iterator<Batch> batches = data.epoch(epoch, 0);
      for (int k = 0; batches.hasNext(); k++) {
        Batch batch = batches.next();
        try (Pass pass = Pass.train(workspace, random.at(epoch, k))) {
          Var logits = model.apply(pass, pass.input(batch.x()));
          Var loss = Losses.crossEntropy(logits, pass.input(batch.y()));
          optimizer.step(Step.of(pass.tape(), Walk.gradient(loss)));
          last = loss.value().item();
        }
      }
    }

    assertTrue(last < 0.02, "loss " + last);
  }
}
