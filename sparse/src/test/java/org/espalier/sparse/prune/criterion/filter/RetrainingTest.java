package org.espalier.sparse.prune.criterion.filter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Evaluator;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.IterativePruning;
import org.espalier.sparse.prune.Ratios;
import org.espalier.sparse.prune.TestData;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

/** Prunes a small trained net once, or layer by layer, and retrains it. */
class RetrainingTest {
  private static final Shape IMAGE = Shape.of(6, 6, 3);
  private static final TestData TRAIN = new TestData(10, 20, 6);

  private static double accuracy(Module model) {
    return new Evaluator(new CrossEntropy()).evaluate(model, TRAIN).accuracy();
  }

  private static Module trained() {
    Module model = Models.byName("resnet8", IMAGE, 5);
    Sgd sgd = Sgd.builder().rate(0.02).momentum(0.9).build();
    Trainer.builder(model, new CrossEntropy(), sgd, TRAIN).epochs(12).build().run();
    // Rates that are still high leave running statistics behind the weights.
    Recalibration.fresh(TRAIN).apply(model);
    return model;
  }

  @Test
  void theSettingsAreThePapers() {
    assertEquals(new Retraining(40, 0.001), Retraining.CIFAR10);
    assertEquals(new Retraining(20, 0.001), Retraining.IMAGENET);
  }

  @Test
  void pruningOnceCostsAccuracyThatRetrainingBringsBack() {
    Module model = trained();
    double dense = accuracy(model);
    assertTrue(dense > 0.95, "trained to " + dense);
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    FilterPruning.greedy().plan(graph, Ratios.of(0.8)).apply();
    double pruned = accuracy(model);
    Recalibration.fresh(TRAIN).apply(model);
    new Retraining(4, 0.01).trainer(model, TRAIN, TRAIN).build().run();
    double retrained = accuracy(model);
    assertTrue(pruned < dense - 0.05, dense + " dense, " + pruned + " pruned");
    assertTrue(retrained > pruned && retrained > 0.9, pruned + " -> " + retrained);
  }

  @Test
  void layersArePrunedOneAfterAnotherWithRetrainingBetween() {
    Module model = trained();
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    List<Double> left = new ArrayList<>();
    IterativePruning.layerByLayer(FilterPruning.greedy().pruner(Ratios.of(0.5)))
        .run(
            graph,
            step -> {
              new Retraining(1, 0.01).trainer(model, TRAIN, TRAIN).build().run();
              left.add(accuracy(model));
            });
    assertEquals(3, left.size());
    assertTrue(left.get(2) > 0.85, left.toString());
  }
}
