package org.espalier.optim;

import static org.espalier.optim.GivenGradients.parameter;
import static org.espalier.optim.GivenGradients.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.function.Supplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.GenerationMode;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.junit.jupiter.api.Test;

/** Checks what holds for every optimizer or between two of them (sheet 00, section 13). */
class OptimizerPropertiesTest {
  /** An optimizer that can be made again, without any state. */
  record Recipe(String name, Supplier<Optimizer> make) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Recipe> recipes() {
    return List.of(
        new Recipe("sgd", () -> Sgd.builder().rate(0.05).weightDecay(0.01).build()),
        new Recipe("sgd momentum", () -> Sgd.builder().momentum(0.9).dampening(0.3).build()),
        new Recipe("sgd nesterov", () -> Sgd.builder().momentum(0.9).nesterov(true).build()),
        new Recipe("sgd maximize", () -> Sgd.builder().momentum(0.5).maximize().build()),
        new Recipe("keras sgd", () -> KerasSgd.builder().momentum(0.9).decay(0.1).build()),
        new Recipe("adam", () -> Adam.builder().rate(0.01).weightDecay(0.1).build()),
        new Recipe("adam amsgrad", () -> Adam.builder().rate(0.01).amsgrad(true).build()),
        new Recipe("adamw", () -> AdamW.builder().rate(0.01).build()),
        new Recipe("keras adam", () -> KerasAdam.builder().rate(0.01).decay(0.1).build()),
        new Recipe("adadelta", () -> Adadelta.builder().weightDecay(0.1).build()),
        new Recipe("rmsprop", () -> RmsProp.builder().momentum(0.9).build()),
        new Recipe("rmsprop inside", () -> RmsProp.keras(EpsPlacement.INSIDE_ROOT).build()),
        new Recipe("adagrad", () -> Adagrad.builder().rate(0.1).rateDecay(0.1).build()));
  }

  @Provide
  Arbitrary<Recipe> recipe() {
    return Arbitraries.of(recipes());
  }

  private static double[] normals(Random random, int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.normal(i);
    }
    return values;
  }

  private static void run(Optimizer optimizer, Parameter p, long seed, int from, int to) {
    for (int k = from; k < to; k++) {
      step(optimizer, p, normals(Random.of(seed).at(k), p.raw().count()));
    }
  }

  private static void assertClose(Parameter expected, Parameter actual, double tolerance) {
    for (int i = 0; i < expected.raw().count(); i++) {
      double e = expected.raw().get(i);
      assertEquals(e, actual.raw().get(i), tolerance * Math.max(1, Math.abs(e)));
    }
  }

  @Property(tries = 60)
  void theFloatLoopAgreesWithItsDoubleTwin(
      @ForAll("recipe") Recipe recipe,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int n) {
    double[] start = normals(Random.of(seed), n);
    Parameter narrow = parameter("p", DType.F32, start);
    Parameter wide = parameter("p", DType.F64, start);
    run(recipe.make().get(), narrow, seed, 0, 8);
    run(recipe.make().get(), wide, seed, 0, 8);
    assertClose(wide, narrow, recipe.name().contains("rmsprop") ? 1e-4 : 1e-5);
  }

  /** 70,001 elements are two pieces of many stretches, the last of them short. */
  @Property(tries = 13, generation = GenerationMode.EXHAUSTIVE)
  void theElementsOfALargeParameterChangeAsTheyWouldAlone(@ForAll("recipe") Recipe recipe) {
    int count = 70_001;
    double[] start = normals(Random.of(3), count);
    double[] gradient = normals(Random.of(4), count);
    Parameter large = parameter("p", DType.F32, start);
    Optimizer optimizer = recipe.make().get();
    for (int k = 0; k < 3; k++) {
      step(optimizer, large, gradient);
    }
    for (int i : new int[] {0, 1023, 1024, 34_999, 35_000, 35_001, 69_999, 70_000}) {
      Parameter alone = parameter("p", DType.F32, start[i]);
      Optimizer other = recipe.make().get();
      for (int k = 0; k < 3; k++) {
        step(other, alone, gradient[i]);
      }
      assertEquals(alone.raw().get(0), large.raw().get(i), recipe + " at " + i);
    }
  }

  @Property(tries = 60)
  void stateIsAllInTheSlots(
      @ForAll("recipe") Recipe recipe, @ForAll long seed, @ForAll @IntRange(max = 8) int stop) {
    double[] start = normals(Random.of(seed), 5);
    Parameter whole = parameter("p", DType.F32, start);
    run(recipe.make().get(), whole, seed, 0, 8);
    Parameter interrupted = parameter("p", DType.F32, start);
    run(recipe.make().get(), interrupted, seed, 0, stop);
    Parameter resumed = Parameter.trainable("p", interrupted.raw().copy());
    interrupted
        .slots()
        .forEach((name, slot) -> resumed.slot(name, () -> slot.tensor().copy(), null));
    run(recipe.make().get(), resumed, seed, stop, 8);
    assertTrue(whole.raw().bitEquals(resumed.raw()), recipe + " " + whole.raw() + resumed.raw());
  }

  @Property(tries = 60)
  void restartMakesAnOptimizerForget(@ForAll("recipe") Recipe recipe, @ForAll long seed) {
    Parameter p = parameter("p", DType.F32, normals(Random.of(seed), 5));
    Optimizer optimizer = recipe.make().get();
    run(optimizer, p, seed, 0, 3);
    Parameter fresh = Parameter.trainable("p", p.raw().copy());
    optimizer.restart(List.of(p));
    run(optimizer, p, seed, 3, 6);
    run(recipe.make().get(), fresh, seed, 3, 6);
    assertTrue(fresh.raw().bitEquals(p.raw()));
  }

  @Property(tries = 40)
  void aParameterWithoutGradientStands(@ForAll("recipe") Recipe recipe, @ForAll long seed) {
    Parameter p = parameter("p", DType.F32, normals(Random.of(seed), 3));
    Parameter other = parameter("q", DType.F32, 1);
    Optimizer optimizer = recipe.make().get();
    run(optimizer, p, seed, 0, 2);
    Parameter before = Parameter.trainable("p", p.raw().copy());
    var slots = p.slots().values().stream().map(slot -> slot.tensor().copy()).toList();
    step(optimizer, other, 1);
    assertTrue(before.raw().bitEquals(p.raw()));
    var after = p.slots().values().stream().map(slot -> slot.tensor()).toList();
    for (int i = 0; i < slots.size(); i++) {
      assertTrue(slots.get(i).bitEquals(after.get(i)));
    }
  }

  @Test
  void tinyNumbersAreFlushedFromWeightsAndSlots() {
    for (Optimizer optimizer :
        List.of(Sgd.builder().momentum(0.9).build(), Adam.builder().amsgrad(true).build())) {
      Parameter p = parameter("p", DType.F32, 1e-33, -1e-38, 2e-30);
      step(optimizer, p, 0, 0, 0);
      assertArrayEquals(new double[] {0, 0, 2e-30f}, p.raw().toDoubles());
      p.slots().values().stream()
          .filter(slot -> slot.tensor().dtype() == DType.F32)
          .forEach(slot -> slot.tensor().fill(1e-35));
      step(optimizer, p, 0, 0, 0);
      p.slots().values().stream()
          .filter(slot -> slot.tensor().dtype() == DType.F32)
          .forEach(slot -> assertEquals(0, slot.tensor().get(0)));
    }
  }

  @Property
  void theFirstStepOfAdamMovesByTheRate(
      @ForAll @DoubleRange(min = -100, max = 100) double gradient,
      @ForAll @DoubleRange(min = 0.01, max = 1) double rate) {
    Parameter p = parameter("p", DType.F64, 0);
    step(Adam.builder().rate(rate).build(), p, gradient);
    double expected = -rate * gradient / (Math.abs(gradient) + 1e-8);
    assertEquals(expected, p.raw().get(0), 1e-12);
  }

  @Property(tries = 40)
  void adamWWithoutDecayIsAdam(@ForAll long seed) {
    Parameter a = parameter("p", DType.F32, normals(Random.of(seed), 4));
    Parameter w = parameter("p", DType.F32, normals(Random.of(seed), 4));
    run(Adam.builder().rate(0.1).build(), a, seed, 0, 6);
    run(AdamW.builder().rate(0.1).weightDecay(0).build(), w, seed, 0, 6);
    assertTrue(a.raw().bitEquals(w.raw()));
  }

  @Property(tries = 40)
  void kerasSgdAgreesWithSgdAtAConstantRate(@ForAll long seed, @ForAll boolean nesterov) {
    Parameter torch = parameter("p", DType.F64, normals(Random.of(seed), 4));
    Parameter keras = parameter("p", DType.F64, normals(Random.of(seed), 4));
    run(Sgd.builder().rate(0.1).momentum(0.9).nesterov(nesterov).build(), torch, seed, 0, 6);
    run(KerasSgd.builder().rate(0.1).momentum(0.9).nesterov(nesterov).build(), keras, seed, 0, 6);
    assertClose(torch, keras, 1e-12);
  }

  @Property(tries = 40)
  void sgdWithoutMomentumIsPlain(@ForAll long seed) {
    Parameter p = parameter("p", DType.F64, 1);
    run(Sgd.builder().rate(0.1).build(), p, seed, 0, 1);
    assertEquals(1 - 0.1 * (float) Random.of(seed).at(0).normal(0), p.raw().get(0), 1e-12);
    assertTrue(p.slots().isEmpty());
  }
}
