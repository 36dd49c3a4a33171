package org.espalier.tests.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.io.Checkpoint;
import org.espalier.io.data.Dataset;
import org.espalier.io.data.Loader;
import org.espalier.io.data.ModelInput;
import org.espalier.io.data.Normalization;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Workspace;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the examples of the README. */
class ReadmeExamplesTest {
  @TempDir Path folder;

  @Test
  void trainPruneCutSaveAndLoad() throws Exception {
    Path file = folder.resolve("compact.safetensors");
    // region: train-and-prune
    Shape sample = Shape.of(32, 32, 3);
    Module model = ResNet.cifar(8, 10).initialize(1);
    Dataset data = Shapes.training(1, 256);
    Normalization plain = Normalization.identity(3);
    Loader batches = Loader.of(data).batchSize(32).shuffle(Random.of(1)).normalize(plain).build();

    Trainer.builder(
            model, new CrossEntropy(), Sgd.builder().rate(0.05).momentum(0.9).build(), batches)
        .epochs(2)
        .callback(SoftFilterPruning.of(sample, 0.4)) // zeroes the weakest filters after each epoch
        .build()
        .run();

    CompactReport cut =
        Compact.extract(model, sample, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    System.out.println(cut); // channels a layer, parameters and MACs, before and after

    Checkpoint.save(file, Snapshot.of(model, ModelInput.of(data, plain).meta()));
    Module loaded = Checkpoint.model(file); // no class named; ./espalier predict takes it too
    // end region
    assertTrue(cut.macsAfter() < 0.55 * cut.macsBefore(), cut.toString());
    assertTrue(Files.size(file) > 10_000);
    Batch batch = Loader.of(Shapes.test(1, 4)).batchSize(4).build().epoch(0, 0).next();
    assertEquals(outputs(model, batch), outputs(loaded, batch));
  }

  private static java.util.List<Double> outputs(Module model, Batch batch) {
    try (Pass pass = Pass.infer(new Workspace())) {
      double[] values = model.apply(pass, pass.input(batch.x())).value().toDoubles();
      return java.util.Arrays.stream(values).boxed().toList();
    }
  }

  @Test
  void aPlainLoopLearns() {
    Module model = ResNet.cifar(8, 10).initialize(1);
    Loader batches = Loader.of(Shapes.training(1, 64)).batchSize(32).build();
    List<Double> losses = new ArrayList<>();
    // region: plain-loop
    Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).build();
    Workspace workspace = new Workspace();
    Random random = Random.of(1);
    for (int epoch = 0; epoch < 8; epoch++) {
      Iterator<Batch> iterator = batches.epoch(epoch, 0);
      for (int step = 0; iterator.hasNext(); step++) {
        Batch batch = iterator.next();
        try (Pass pass = Pass.train(workspace, random.at(epoch, step))) {
          Var logits = model.apply(pass, pass.input(batch.x()));
          Var loss = new CrossEntropy().of(pass, logits, batch.y());
          sgd.step(Step.of(pass.tape(), Walk.gradient(loss)));
          losses.add(loss.value().item());
        }
      }
    }
    // end region
    double last = losses.get(losses.size() - 1);
    assertTrue(last < 0.8 * losses.get(0), losses.toString());
  }
}
