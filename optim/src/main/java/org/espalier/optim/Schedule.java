package org.espalier.optim;

import java.util.List;

/**
 * Says the learning rate as a pure function of position: the epoch from 0 (fractions between) and
 * the number of updates done. So a resumed run needs no state of it; {@link Plateau} is the one
 * that has some. Formulas: sheet 00, section 10.
 */
@FunctionalInterface
public interface Schedule {
  /** Returns the learning rate at a position, for a base rate. */
  double rate(double base, double epoch, long update);

  /**
   * Tells whether optimizers start anew when the epoch after {@code before} is {@code epoch}, as
   * the original wide ResNets do at each drop.
   */
  default boolean restarts(double before, double epoch) {
    return false;
  }

  /** Returns the rates of a position as a function of the base. */
  default Rate at(double epoch, long update) {
    return base -> rate(base, epoch, update);
  }

  /** Returns {@code base}, always. */
  static Schedule constant() {
    return new Schedules.Constant();
  }

  /**
   * Returns {@code base · gamma^(number of milestones ≤ epoch)}; a repeated milestone counts twice.
   */
  static Schedule multiStep(double gamma, int... milestones) {
    return new Schedules.MultiStep(gamma, Schedules.boxed(milestones), false);
  }

  /**
   * Returns the schedule of the wide-ResNet code: the rate is multiplied before each listed epoch,
   * counted from 1 (so epoch 60 already runs with the lower rate).
   *
   * @param restartMomentum whether the momentum starts from zero at each drop, as in both codes
   */
  static Schedule wideResNet(boolean restartMomentum, double ratio, int... epochsFromOne) {
    List<Integer> milestones =
        Schedules.boxed(epochsFromOne).stream().map(epoch -> epoch - 1).toList();
    return new Schedules.MultiStep(ratio, milestones, restartMomentum);
  }

  /** Returns {@code base · gamma^⌊epoch / size⌋}. */
  static Schedule step(int size, double gamma) {
    return new Schedules.EveryFew(size, gamma);
  }

  /** Returns {@code base · gamma^epoch}. */
  static Schedule exponential(double gamma) {
    return new Schedules.Exponential(gamma);
  }

  /**
   * Returns {@code least + (base - least) · (1 + cos(π · epoch / epochs)) / 2}; past the last epoch
   * it rises again.
   */
  static Schedule cosine(int epochs, double least) {
    return new Schedules.Cosine(epochs, least);
  }

  /**
   * Returns a cosine over periods of {@code first}, {@code first · factor}, {@code first · factor²}
   * ... epochs, each starting at the base.
   */
  static Schedule cosineWarmRestarts(int first, int factor, double least) {
    return new Schedules.CosineWarmRestarts(first, factor, least);
  }

  /** Returns {@code base · (start + (end - start) · min(epoch, epochs) / epochs)}. */
  static Schedule linear(double start, double end, int epochs) {
    return new Schedules.Linear(start, end, epochs);
  }

  /** Returns {@code base · (1 - min(epoch, epochs) / epochs)^power}. */
  static Schedule polynomial(int epochs, double power) {
    return new Schedules.Polynomial(epochs, power);
  }

  /**
   * Returns schedules one after the other: part i + 1 runs from milestone i, and each counts its
   * epochs from 0 and starts from the same base.
   */
  static Schedule sequential(List<Schedule> parts, int... milestones) {
    return new Schedules.InTurn(List.copyOf(parts), Schedules.boxed(milestones));
  }

  /**
   * Returns a warm-up and a cosine in one formula: {@code base · (epoch + 1) / warmup} before epoch
   * {@code warmup}, then {@code least + (base - least) · (1 + cos(π · (epoch - warmup) / (epochs -
   * warmup))) / 2}.
   */
  static Schedule warmupCosine(int warmup, int epochs, double least) {
    return new Schedules.WarmupCosine(warmup, epochs, least);
  }

  /** Returns {@code base / (1 + decay · updates)}, Keras's decay. */
  static Schedule inverseTime(double decay) {
    return new Schedules.InverseTime(decay);
  }
}
