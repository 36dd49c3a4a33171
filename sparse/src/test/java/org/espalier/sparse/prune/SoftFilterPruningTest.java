package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class SoftFilterPruningTest {
  private static final Shape SMALL = Shape.of(8, 8, 3);
  private static final TestData DATA = new TestData(2, 5, 8);

  private static Sgd sgd() {
    return Sgd.builder().rate(0.05).momentum(0.9).weightDecay(5e-4).build();
  }

  private static Module model() {
    return Models.byName("resnet8", SMALL, 5).initialize(2);
  }

  private static void train(Module model, int epochs, Callback... callbacks) {
    Trainer.Builder builder =
        Trainer.builder(model, new CrossEntropy(), sgd(), DATA).epochs(epochs).seed(1);
    for (Callback callback : callbacks) {
      builder.callback(callback);
    }
    builder.build().run();
  }

  private static int zeroFilters(Module model, String path) {
    int zero = 0;
    for (int row = 0; row < model.parameter(path).shape().size(0); row++) {
      zero += Slices.isZero(model.parameter(path).raw(), 0, row) ? 1 : 0;
    }
    return zero;
  }

  /** Counts the stem's zero filters before the first step and after each epoch. */
  private static List<Integer> watch(SoftFilterPruning pruning, int epochs) {
    List<Integer> zeroes = new ArrayList<>();
    Callback watcher =
        new Callback() {
          @Override
          public String name() {
            return "watcher";
          }

          @Override
          public void epochStart(Epoch epoch) {
            if (epoch.index() == 0) {
              zeroes.add(zeroFilters(epoch.model(), "conv1.weight"));
            }
          }

          @Override
          public void epochDone(Epoch epoch) {
            zeroes.add(zeroFilters(epoch.model(), "conv1.weight"));
          }
        };
    train(model(), epochs, pruning, watcher);
    return zeroes;
  }

  @Test
  void prunesBeforeTheFirstEpochAndAfterEach() {
    assertEquals(List.of(6, 6, 6, 6), watch(SoftFilterPruning.of(SMALL, 0.4), 3));
  }

  @Test
  void pruneIntervalAndStartFollowTheOptions() {
    SoftFilterPruning pruning =
        SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.4))
            .pruneBeforeFirstEpoch(false)
            .epochPrune(3)
            .build();
    List<Integer> zeroes = watch(pruning, 6);
    assertEquals(0, zeroes.get(0));
    assertEquals(6, zeroes.get(1));
    assertEquals(6, zeroes.get(4));
    assertEquals(6, zeroes.get(6));
    assertTrue(pruning.prunesAfter(5, 6));
    assertTrue(!pruning.prunesAfter(4, 6));
  }

  @Test
  void asymptoticRatiosGrowOverTheRun() {
    PruneSchedule schedule = PruneSchedule.asymptotic(0, 0.5, 5);
    List<Integer> zeroes = watch(SoftFilterPruning.builder(SMALL, schedule).build(), 5);
    for (int epoch = 0; epoch < 5; epoch++) {
      int expected = (int) Math.floor(16 * schedule.ratio(epoch) + 1e-9);
      assertEquals(expected, zeroes.get(epoch + 1), "epoch " + epoch);
    }
    assertEquals(8, zeroes.get(5));
  }

  @Test
  void zeroedFiltersKeepTrainingWhereBetaLetsTheGradientThrough() {
    Module model = model();
    // Behind relu a zero filter with beta <= 0 gets no gradient at all (sheet 05, section 5).
    model.parameter("bn1.bias").update(beta -> beta.fill(0.1));
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    assertEquals(6, zeroFilters(model, "conv1.weight"));
    TestData.step(model, sgd(), DATA.batch(0), DType.F32, 0);
    assertTrue(zeroFilters(model, "conv1.weight") < 6);
  }

  @Test
  void ratioZeroTrainsBitForBitAsWithout() {
    Module plain = model();
    Module pruned = model();
    train(plain, 2);
    train(pruned, 2, SoftFilterPruning.of(SMALL, 0));
    plain
        .state()
        .forEach((path, p) -> assertTrue(p.raw().bitEquals(pruned.parameter(path).raw()), path));
  }

  @Test
  void projectionsAndNamedLayersCanBeLeftAlone() {
    Module model = Models.byName("resnet8b", SMALL, 5).initialize(1);
    SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.5))
        .skipProjections()
        .exclude("layer1")
        .norm(FilterNorm.L1)
        .build()
        .prune(model, 0);
    assertEquals(0, zeroFilters(model, "layer2.0.shortcut.0.weight"));
    assertEquals(0, zeroFilters(model, "layer1.0.branch.conv1.weight"));
    assertEquals(16, zeroFilters(model, "layer2.0.branch.conv1.weight"));
  }

  @Test
  void slotsAreNotToldAboutZeroes() {
    Module model = model();
    TestData.step(model, sgd(), DATA.batch(0), DType.F32, 0);
    var slots = model.parameter("conv1.weight").slots();
    double[] before = slots.values().iterator().next().tensor().toDoubles();
    SoftFilterPruning.of(SMALL, 0.4).prune(model, 0);
    assertArrayEquals(before, slots.values().iterator().next().tensor().toDoubles());
  }

  @Test
  void wrongOptionsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> SoftFilterPruning.of(SMALL, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.1)).epochPrune(0));
    SoftFilterPruning unknown =
        SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.1)).exclude("layer9").build();
    assertThrows(IllegalArgumentException.class, () -> unknown.prune(model(), 0));
  }
}
