package org.espalier.optim;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.nn.Stateful;

/**
 * Lowers the learning rate when a metric no longer improves. PyTorch and Keras count differently:
 * {@link ReduceOnPlateau} and {@link KerasReduceOnPlateau} (sheet 00, section 10).
 *
 * <p>The rate is still a pure function of the base: the number of reductions so far is all that
 * changes, so every parameter group falls by the same steps.
 */
public abstract sealed class Plateau implements Schedule, Stateful
    permits ReduceOnPlateau, KerasReduceOnPlateau {
  final Goal goal;
  final double factor;
  final int patience;
  final double threshold;
  final int cooldown;
  final double least;
  double best;
  int waited;
  int cooling;
  private int reductions;

  Plateau(Builder<?> builder) {
    goal = builder.goal;
    factor = builder.factor;
    patience = builder.patience;
    threshold = builder.threshold;
    cooldown = builder.cooldown;
    least = builder.least;
    best = goal.worst();
  }

  /**
   * Takes the metric of an epoch that is done; a NaN is no improvement.
   *
   * @param base the optimizer's base rate
   */
  public abstract void observe(double metric, double base);

  abstract double reduced(double rate);

  final void reduce() {
    reductions++;
    cooling = cooldown;
    waited = 0;
  }

  @Override
  public final double rate(double base, double epoch, long update) {
    double rate = base;
    for (int i = 0; i < reductions; i++) {
      rate = reduced(rate);
    }
    return rate;
  }

  @Override
  public final String stateName() {
    return "plateau";
  }

  @Override
  public final Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("best", best);
    state.put("waited", waited);
    state.put("cooling", cooling);
    state.put("reductions", reductions);
    return state;
  }

  @Override
  public final void restoreState(Map<String, Object> state) {
    best = ((Number) state.get("best")).doubleValue();
    waited = ((Number) state.get("waited")).intValue();
    cooling = ((Number) state.get("cooling")).intValue();
    reductions = ((Number) state.get("reductions")).intValue();
  }

  /**
   * Collects the options that both flavours share.
   *
   * @param <B> the builder itself
   */
  public abstract static sealed class Builder<B extends Builder<B>>
      permits ReduceOnPlateau.Builder, KerasReduceOnPlateau.Builder {
    private static final String OWNER = "plateau";

    private Goal goal = Goal.MINIMIZE;
    private double factor = 0.1;
    private int patience = 10;
    private double threshold = 1e-4;
    private int cooldown;
    private double least;

    Builder() {}

    abstract B self();

    /** Sets which values of the metric are good; small ones by default. */
    public B goal(Goal value) {
      goal = value;
      return self();
    }

    /** Sets what the rate is multiplied by, in [0, 1); 0.1 by default. */
    public B factor(double value) {
      factor = Checks.fraction(OWNER, "factor", value);
      return self();
    }

    /** Sets how many epochs without improvement are borne, at least 0; 10 by default. */
    public B patience(int epochs) {
      patience = Checks.atLeast(0, OWNER, "patience", epochs);
      return self();
    }

    /** Sets how much better a better value must be, at least 0; 1e-4 by default. */
    public B threshold(double value) {
      threshold = Checks.notNegative(OWNER, "threshold", value);
      return self();
    }

    /** Sets how many epochs after a reduction are not counted, at least 0; 0 by default. */
    public B cooldown(int epochs) {
      cooldown = Checks.atLeast(0, OWNER, "cooldown", epochs);
      return self();
    }

    /** Sets the rate below which none is reduced, at least 0; 0 by default. */
    public B leastRate(double value) {
      least = Checks.notNegative(OWNER, "least rate", value);
      return self();
    }
  }
}
