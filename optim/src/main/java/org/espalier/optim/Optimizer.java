package org.espalier.optim;

import java.util.Collection;
import java.util.Map;
import java.util.function.Predicate;
import org.espalier.nn.Parameter;

/**
 * Changes parameters by their gradients. It is told no list of parameters: those with a gradient
 * are changed, the others are skipped and their state does not move. All state is in the slots of
 * the parameters; the optimizer itself holds options only. Belongs to one thread.
 */
public interface Optimizer {
  /** Changes those members that have a gradient; the gradients are not modified. */
  void step(Step step, Predicate<Parameter> members);

  /** Changes all parameters that have a gradient. */
  default void step(Step step) {
    step(step, parameter -> true);
  }

  /** Returns the base learning rate, which a schedule starts from. */
  double rate();

  /** Forgets what was remembered about these parameters, as if no step had been taken. */
  void restart(Collection<Parameter> parameters);

  /** Returns name and options as plain values, for logs and checkpoints. */
  Map<String, Object> describe();

  /**
   * Returns an optimizer that gives the parameters of a predicate to {@code a} and all others to
   * {@code b}; its base rate is that of {@code b}, the rule for most.
   */
  static Optimizer route(Predicate<Parameter> predicate, Optimizer a, Optimizer b) {
    return new Route(predicate, a, b);
  }
}
