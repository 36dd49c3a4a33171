package org.espalier.sparse.prune;

/**
 * Is one step of an iterative schedule.
 *
 * @param number the number of this step, from 1
 * @param of how many steps there are
 * @param plan what it cuts
 */
public record PruningStep(int number, int of, PruningPlan plan) {
  /** Tells whether no step follows. */
  public boolean isLast() {
    return number == of;
  }

  /** Returns the step's number and what the model costs before and after it. */
  @Override
  public String toString() {
    return "step %d of %d: %s".formatted(number, of, plan.costs());
  }
}
