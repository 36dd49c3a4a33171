package org.espalier.cli.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.espalier.io.data.Loader;
import org.espalier.io.data.Shapes;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.Models;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Trainer;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class PlannedPruningTest {
  private static final Shape INPUT = Shape.of(32, 32, 3);

  @Property
  void whereEarlyStoppingEndsTheSoftPhaseTheHeldEpochsAreThoseOfARunOfThatLength(
      @ForAll @IntRange(min = 2, max = 500) int planned,
      @ForAll @IntRange(min = 0, max = 499) int stopped) {
    SoftPruning recipe = new SoftPruning(Kind.SFP, 0.4);
    PlannedPruning pruning = new PlannedPruning(INPUT, recipe);
    int soft = Math.min(stopped, planned - recipe.held(planned) - 1) + 1;
    int epochs = soft + pruning.fitting(soft);
    assertEquals(soft, epochs - recipe.held(epochs));
    assertTrue(epochs <= planned);
  }

  @Test
  void asymptoticRatiosReachTheGoalBeforeTheZerosAreHeld() {
    Module model = Models.byName("resnet8", INPUT, 10).initialize(1);
    List<Integer> zeros = new ArrayList<>();
    Trainer.builder(
            model,
            new CrossEntropy(),
            Sgd.builder().rate(0.01).build(),
            Loader.of(Shapes.training(1, 8)).batchSize(4).build())
        .epochs(4)
        .callback(new PlannedPruning(INPUT, new SoftPruning(Kind.ASFP, 0.5)))
        .validation(
            measured -> {
              zeros.add(zeroFilters(measured.parameter("conv1.weight")));
              return Map.of("val_loss", 1.0);
            })
        .build()
        .run();
    assertEquals(0, zeros.get(0));
    assertEquals(List.of(8, 8), zeros.subList(2, 4));
    assertEquals(List.of(), model.parameter("conv1.weight").parametrizations());
    assertEquals(8, zeroFilters(model.parameter("conv1.weight")));
  }

  /** Returns the largest norm that a filter of one layer reaches in some steps at a high rate. */
  private static double largestNorm(Consumer<Trainer.Builder> recipe) {
    Module model = Models.byName("resnet8", INPUT, 10).initialize(1);
    Trainer.Builder builder =
        Trainer.builder(
                model,
                new CrossEntropy(),
                Sgd.builder().rate(0.1).momentum(0.9).build(),
                Loader.of(Shapes.training(1, 32)).batchSize(8).build())
            .epochs(1);
    recipe.accept(builder);
    double[] largest = new double[1];
    builder.callback(
        new Callback() {
          @Override
          public String name() {
            return "norms";
          }

          @Override
          public void stepDone(Step step) {
            // A branch's last norm is followed by no rectifier: its zeroed filters get gradients.
            double[] weight = model.parameter("layer1.0.branch.conv2.weight").value().toDoubles();
            for (int filter = 0; filter < 16; filter++) {
              double sum = 0;
              for (int e = 144 * filter; e < 144 * (filter + 1); e++) {
                sum += weight[e] * weight[e];
              }
              largest[0] = Math.max(largest[0], Math.sqrt(sum));
            }
          }
        });
    builder.build().run();
    return largest[0];
  }

  @Test
  void zeroedFiltersAreNotThrownOutOfTheRanking() {
    PlannedPruning pruning = new PlannedPruning(INPUT, new SoftPruning(Kind.SFP, 0.4));
    double clipped = largestNorm(pruning::applyTo);
    double unclipped = largestNorm(builder -> builder.callback(pruning));
    assertTrue(clipped < 3, "clipped " + clipped);
    assertTrue(unclipped > 5 * clipped, "unclipped " + unclipped + ", clipped " + clipped);
  }

  /** Takes a second a step and none for anything else; two steps an epoch. */
  private static List<Boolean> heldAfterEachEpoch(double seconds) {
    List<Boolean> held = new ArrayList<>();
    AtomicLong now = new AtomicLong();
    Trainer.builder(
            Models.byName("resnet8", INPUT, 10).initialize(1),
            new CrossEntropy(),
            Sgd.builder().rate(0.01).build(),
            Loader.of(Shapes.training(1, 8)).batchSize(4).build())
        .epochs(12)
        .minutes(seconds / 60)
        .clock(now::get)
        .progress(progress -> now.addAndGet(1_000_000_000L))
        .callback(new PlannedPruning(INPUT, new SoftPruning(Kind.SFP, 0.4)))
        .validation(
            measured -> {
              held.add(!measured.parameter("conv1.weight").parametrizations().isEmpty());
              return Map.of("val_loss", 1.0);
            })
        .build()
        .run();
    return held;
  }

  @Test
  void underATimeBudgetAsManyEpochsAreHeldAsTheRunTurnsOutToNeed() {
    assertEquals(List.of(false), heldAfterEachEpoch(2.5));
    assertEquals(List.of(false, true), heldAfterEachEpoch(4.5));
    List<Boolean> long14 = heldAfterEachEpoch(28.5);
    assertEquals(14, long14.size());
    assertEquals(2, Collections.frequency(long14, true));
    assertTrue(long14.get(12) && long14.get(13));
  }

  private static int zeroFilters(Parameter weight) {
    double[] values = weight.value().toDoubles();
    int zeros = 0;
    for (int filter = 0; filter < 16; filter++) {
      double sum = 0;
      for (int e = 0; e < 27; e++) {
        sum += Math.abs(values[27 * filter + e]);
      }
      zeros += sum == 0 ? 1 : 0;
    }
    return zeros;
  }
}
