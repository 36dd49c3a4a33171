package org.espalier.optim;

import java.util.Collection;
import java.util.Map;
import java.util.function.Predicate;
import org.espalier.nn.Parameter;

/** Gives each parameter to one of two optimizers. */
record Route(Predicate<Parameter> predicate, Optimizer a, Optimizer b) implements Optimizer {
  @Override
  public void step(Step step, Predicate<Parameter> members) {
    a.step(step, members.and(predicate));
    b.step(step, members.and(predicate.negate()));
  }

  @Override
  public double rate() {
    return b.rate();
  }

  @Override
  public void restart(Collection<Parameter> parameters) {
    a.restart(parameters.stream().filter(predicate).toList());
    b.restart(parameters.stream().filter(predicate.negate()).toList());
  }

  @Override
  public Map<String, Object> describe() {
    return Map.of("optimizer", "route", "a", a.describe(), "b", b.describe());
  }
}
