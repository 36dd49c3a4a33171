package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.DoubleStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PlateauTest {
  private static double[] rates(Plateau plateau, double base, double... metrics) {
    return DoubleStream.of(metrics)
        .map(
            metric -> {
              double rate = plateau.rate(base, 0, 0);
              plateau.observe(metric, base);
              return rate;
            })
        .toArray();
  }

  private static Plateau torch() {
    return ReduceOnPlateau.builder().factor(0.5).patience(1).build();
  }

  @Test
  void kerasReducesOneEpochEarlier() {
    Plateau keras = KerasReduceOnPlateau.builder().factor(0.5).patience(1).build();
    double[] flat = {1, 1, 1, 1};
    assertEquals(List.of(1.0, 1.0, 1.0, 0.5), boxed(rates(torch(), 1, flat)));
    assertEquals(List.of(1.0, 1.0, 0.5, 0.25), boxed(rates(keras, 1, flat)));
  }

  private static List<Double> boxed(double[] values) {
    return DoubleStream.of(values).boxed().toList();
  }

  @Test
  void largeIsGoodWhenMaximizing() {
    Plateau plateau = ReduceOnPlateau.builder().goal(Goal.MAXIMIZE).factor(0.5).patience(0).build();
    assertEquals(List.of(1.0, 1.0, 1.0, 0.5), boxed(rates(plateau, 1, 0.1, 0.2, 0.15, 0.3)));
  }

  @Test
  void everyGroupFallsToItsOwnFloor() {
    Plateau plateau =
        KerasReduceOnPlateau.builder().factor(0.1).patience(1).leastRate(0.01).build();
    for (int i = 0; i < 4; i++) {
      plateau.observe(1, 1);
    }
    assertEquals(0.01, plateau.rate(1, 0, 0));
    assertEquals(0.005, plateau.rate(0.005, 0, 0));
  }

  @Test
  void epochsOfACooldownAreNotCounted() {
    Plateau plateau = ReduceOnPlateau.builder().factor(0.5).patience(0).cooldown(2).build();
    assertEquals(
        List.of(1.0, 1.0, 0.5, 0.5, 0.5, 0.25), boxed(rates(plateau, 1, 1, 1, 1, 1, 1, 1)));
  }

  @Test
  void kerasWaitsOnBelowTheLeastRate() {
    Plateau plateau = KerasReduceOnPlateau.builder().patience(1).leastRate(2).build();
    rates(plateau, 1, 1, 1, 1, 1);
    assertEquals(3, plateau.state().get("waited"));
  }

  @Test
  void aNanIsNoImprovement() {
    Plateau plateau = torch();
    rates(plateau, 1, Double.NaN, Double.NaN, Double.NaN);
    assertEquals(0.5, plateau.rate(1, 0, 0));
  }

  @Property(tries = 200)
  void aRestoredPlateauGoesOnAlike(
      @ForAll @Size(12) List<@DoubleRange(min = 0, max = 1) Double> metrics,
      @ForAll @IntRange(max = 12) int stop,
      @ForAll @IntRange(max = 2) int patience,
      @ForAll @IntRange(max = 2) int cooldown,
      @ForAll boolean keras) {
    double[] all = metrics.stream().mapToDouble(m -> m).toArray();
    Plateau whole = make(keras, patience, cooldown);
    double[] expected = rates(whole, 1, all);
    Plateau first = make(keras, patience, cooldown);
    rates(first, 1, java.util.Arrays.copyOf(all, stop));
    Plateau second = make(keras, patience, cooldown);
    second.restoreState(first.state());
    double[] tail = rates(second, 1, java.util.Arrays.copyOfRange(all, stop, 12));
    for (int i = stop; i < 12; i++) {
      assertEquals(expected[i], tail[i - stop]);
    }
  }

  private static Plateau make(boolean keras, int patience, int cooldown) {
    return keras
        ? KerasReduceOnPlateau.builder().patience(patience).cooldown(cooldown).build()
        : ReduceOnPlateau.builder().patience(patience).cooldown(cooldown).build();
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> ReduceOnPlateau.builder().factor(1));
    assertThrows(IllegalArgumentException.class, () -> ReduceOnPlateau.builder().patience(-1));
    assertThrows(IllegalArgumentException.class, () -> ReduceOnPlateau.builder().threshold(-1));
    assertThrows(
        IllegalArgumentException.class, () -> KerasReduceOnPlateau.builder().leastRate(Double.NaN));
  }
}
