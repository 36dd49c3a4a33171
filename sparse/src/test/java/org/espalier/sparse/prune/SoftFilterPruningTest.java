package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
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
  void layersOfWhichTheRatioIsNoWholeFilterAreReportedOnceARun() {
    LogRecords.clear();
    builder(model(), 3, SoftFilterPruning.of(SMALL, 0.05)).build().run();
    List<String> warnings = LogRecords.of(System.Logger.Level.WARNING);
    assertEquals(1, warnings.size(), warnings.toString());
    String layers = "[conv1, layer1.0.branch.conv2, layer1.0.branch.conv1]";
    assertEquals(
        "soft filter pruning: a share of 0.05 is no whole filter of " + layers + "; left alone",
        warnings.get(0));
    LogRecords.clear();
    SoftFilterPruning.of(SMALL, 0).prune(model(), 0);
    SoftFilterPruning.of(SMALL, 0.4).prune(model(), 0);
    assertEquals(List.of(), LogRecords.of(System.Logger.Level.WARNING));
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

  private static Trainer.Builder builder(Module model, int epochs, Callback... callbacks) {
    Trainer.Builder builder =
        Trainer.builder(model, new CrossEntropy(), sgd(), DATA).epochs(epochs).seed(1);
    for (Callback callback : callbacks) {
      builder.callback(callback);
    }
    return builder;
  }

  private static SoftFilterPruning holding(int epochs) {
    return SoftFilterPruning.builder(SMALL, PruneSchedule.constant(0.4)).hold(epochs).build();
  }

  private static int masks(Module model) {
    return model.state().values().stream().mapToInt(p -> p.parametrizations().size()).sum();
  }

  /** Notes after each epoch, before the zeroing: zero filters of the stem, and parametrizations. */
  private static final class Notes implements Callback {
    private final List<String> lines = new ArrayList<>();

    @Override
    public String name() {
      return "notes";
    }

    @Override
    public void epochDone(Epoch epoch) {
      boolean held = masks(epoch.model()) > 0;
      lines.add(zeroValues(epoch.model()) + (held ? " held" : ""));
    }

    private static int zeroValues(Module model) {
      int zero = 0;
      for (int row = 0; row < 16; row++) {
        zero += Slices.isZero(model.parameter("conv1.weight").value(), 0, row) ? 1 : 0;
      }
      return zero;
    }
  }

  /** Returns a model whose zeroed filters get gradients. */
  private static Module reviving() {
    Module model = model();
    model.parameter("bn1.bias").update(beta -> beta.fill(0.1));
    return model;
  }

  @Test
  void theLastEpochsHoldTheZerosAndLeaveAPlainModel() {
    Module model = reviving();
    Notes notes = new Notes();
    builder(model, 4, notes, holding(2)).build().run();
    assertEquals(List.of("0", "0", "6 held", "6 held"), notes.lines);
    assertEquals(0, masks(model));
    assertEquals(6, zeroFilters(model, "conv1.weight"));
    Tensor x = TestNet.sample(1, 3, 8, 8, 3);
    Tensor before = TestNet.infer(model, x);
    CompactReport cut =
        Compact.extract(model, SMALL, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    assertTrue(cut.macsAfter() < 0.6 * cut.macsBefore());
    TestModels.assertClose(before, TestNet.infer(model, x));
  }

  @Test
  void noFilterIsZeroedAnyMoreWhileZerosAreHeld() {
    SoftFilterPruning pruning = holding(2);
    assertEquals(List.of(true, true, true, false, false), after(pruning, 5));
    assertEquals(List.of(true, false, false), after(pruning, 3));
    assertEquals(List.of(true, false), after(pruning, 2));
    assertEquals(List.of(true), after(pruning, 1));
    assertEquals(List.of(true, true), after(SoftFilterPruning.of(SMALL, 0.4), 2));
  }

  private static List<Boolean> after(SoftFilterPruning pruning, int epochs) {
    return IntStream.range(0, epochs).mapToObj(e -> pruning.prunesAfter(e, epochs)).toList();
  }

  @Test
  void aSingleEpochIsSoft() {
    Module model = reviving();
    Notes notes = new Notes();
    builder(model, 1, notes, holding(1)).build().run();
    assertEquals(List.of("0"), notes.lines);
    assertEquals(6, zeroFilters(model, "conv1.weight"));
  }

  @Test
  void asymptoticPruningHoldsWhatItsLastSoftRatioZeroes() {
    Module model = reviving();
    PruneSchedule schedule = PruneSchedule.asymptotic(0, 0.5, 3);
    Notes notes = new Notes();
    builder(model, 4, notes, SoftFilterPruning.builder(SMALL, schedule).hold(1).build())
        .build()
        .run();
    assertEquals("8 held", notes.lines.get(3));
    assertEquals(8, zeroFilters(model, "conv1.weight"));
  }

  @Test
  void aRunStoppedAnywhereEndsWithTheSameBits() {
    Module whole = reviving();
    builder(whole, 3, holding(2)).build().run();
    for (int stopAfter = 1; stopAfter < 6; stopAfter++) {
      Map<String, Snapshot> kept = new HashMap<>();
      Trainer[] trainer = new Trainer[1];
      int[] steps = {0};
      int last = stopAfter;
      trainer[0] =
          builder(reviving(), 3, holding(2))
              .store(storing(kept))
              .progress(
                  progress -> {
                    if (++steps[0] == last) {
                      trainer[0].requestStop();
                    }
                  })
              .build();
      trainer[0].run();
      Module resumed = kept.get("last").build();
      builder(resumed, 3, holding(2)).resume(kept.get("last")).build().run();
      assertEquals(whole.state().keySet(), resumed.state().keySet());
      whole
          .state()
          .forEach(
              (path, p) ->
                  assertTrue(
                      p.raw().bitEquals(resumed.parameter(path).raw()), path + " after " + last));
    }
  }

  private static Snapshot.Store storing(Map<String, Snapshot> kept) {
    return new Snapshot.Store() {
      @Override
      public void save(String name, Snapshot snapshot) {
        kept.put(name, snapshot);
      }

      @Override
      public Snapshot load(String name) {
        return kept.get(name);
      }

      @Override
      public boolean has(String name) {
        return kept.containsKey(name);
      }
    };
  }

  @Test
  void earlyStoppingEndsTheSoftPhaseAndTakesTheBestOfTheEpochsWithHeldZeros() {
    Module model = reviving();
    Notes notes = new Notes();
    double[] losses = {0.1, 1, 2, 0.9, 0.8, 0.85};
    int[] epoch = {0};
    List<Tensor> stems = new ArrayList<>();
    History history =
        builder(model, 50, notes, holding(3))
            .validation(
                measured -> {
                  stems.add(measured.parameter("conv1.weight").value().copy());
                  return Map.of("val_loss", losses[epoch[0]++]);
                })
            .stopEarly(2, 0)
            .build()
            .run();
    assertEquals(List.of("0", "0", "0", "6 held", "6 held", "6 held"), notes.lines);
    assertEquals(History.End.STOPPED_EARLY, history.end());
    assertEquals(4, history.bestEpoch());
    assertTrue(stems.get(4).bitEquals(model.parameter("conv1.weight").raw()));
    assertFalse(stems.get(4).bitEquals(stems.get(5)));
    assertEquals(0, masks(model));
  }
}
