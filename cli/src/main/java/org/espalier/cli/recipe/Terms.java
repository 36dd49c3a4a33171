package org.espalier.cli.recipe;

/**
 * Is what else a run was told, as far as techniques care: some cannot do with all of it.
 *
 * @param optimizer how the run learns
 * @param epochs its epochs
 * @param timed whether a time budget decides how many they are
 * @param stopsEarly whether the run may end before its time, and then with its best epoch
 * @param validation the share of samples held out
 */
public record Terms(
    OptimizerRecipe optimizer, int epochs, boolean timed, boolean stopsEarly, double validation) {
  /** Refuses a run whose number of steps is not known at its beginning. */
  void requireKnownLength(String technique, String because) {
    if (timed) {
      throw new IllegalArgumentException(
          "%s does not go with --minutes: %s; say --epochs".formatted(technique, because));
    }
  }

  /** Refuses early stopping. */
  void requireFullLength(String technique, String because) {
    if (stopsEarly) {
      throw new IllegalArgumentException(
          "%s does not go with --patience: %s".formatted(technique, because));
    }
  }
}
