package org.espalier.sparse.prune.criterion.batchnorm;

import static org.espalier.sparse.prune.TestNets.assertRefused;
import static org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportanceTest.IMAGE;
import static org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportanceTest.RAW;
import static org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportanceTest.chain;
import static org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportanceTest.scores;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.junit.jupiter.api.Test;

/** Asks filter importance from batch norms where there is nothing to read, or no sense in it. */
class MissingNormTest {
  @Test
  void groupsWithoutNormAreLeftAloneRefusedOrMeasured() {
    Module model =
        Sequential.of(
                new Conv2d(3, 4, 3),
                Activation.relu(),
                new Conv2d(4, 4, 3),
                new BatchNorm(4),
                new GlobalAveragePool(),
                new Linear(4, 2))
            .initialize(1);
    for (double score : scores(RAW, model, "0.weight")) {
      assertEquals(Double.POSITIVE_INFINITY, score);
    }
    ChannelGraph graph = ChannelGraph.of(model, IMAGE);
    Pruner.local(BatchNormImportance.of(), 0.5).plan(graph).apply();
    assertEquals(4, model.parameter("0.weight").shape().size(0));
    assertEquals(2, model.parameter("2.weight").shape().size(0));
    assertRefused(
        "'0.weight'; ignore its layer",
        () -> scores(RAW.withMissing(MissingNorm.ERROR), model, "0.weight"));
    double[] norms = scores(RAW.withMissing(MissingNorm.USE_L1_NORM), model, "0.weight");
    double first = 0;
    for (int e = 0; e < 27; e++) {
      first += Math.abs(model.parameter("0.weight").value().get(e));
    }
    assertEquals(first, norms[0], 1e-9);
  }

  @Test
  void modelsAndNumbersThatSayNothingAreRefused() {
    Module bare =
        Sequential.of(
                new Conv2d(3, 4, 3),
                new BatchNorm(4, BatchNormConfig.PYTORCH.withoutAffine()),
                new GlobalAveragePool(),
                new Linear(4, 2))
            .initialize(1);
    assertRefused("no batch norm", () -> RAW.on(ChannelGraph.of(bare, IMAGE)));
    for (double broken : new double[] {Double.NaN, Double.NEGATIVE_INFINITY}) {
      for (String path : new String[] {"weight", "bias", "running_var"}) {
        Module model = chain(Activation.relu());
        model.parameter("1." + path).update(raw -> raw.set(3, broken));
        assertRefused("channel 3", () -> RAW.on(ChannelGraph.of(model, IMAGE)));
      }
    }
    Module negative = chain(Activation.relu());
    negative.parameter("4.running_var").update(raw -> raw.set(1, -1));
    assertRefused("4 is -1.0 at channel 1", () -> RAW.on(ChannelGraph.of(negative, IMAGE)));
    Module clipped = chain(Activation.hardTanh(0, 0));
    assertRefused("cap above 0", () -> RAW.on(ChannelGraph.of(clipped, IMAGE)));
    Module model = chain(Activation.relu());
    assertRefused("on(graph)", () -> RAW.score(ChannelGraph.of(model, IMAGE).groups().get(0)));
  }
}
