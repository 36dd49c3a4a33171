package org.espalier.optim;

import java.util.ArrayList;
import java.util.List;

/** Is what the rules with a momentum share: the option, and a slot for what it keeps. */
abstract class MomentumRule extends ElementwiseOptimizer {
  final double momentum;

  MomentumRule(Builder<?> builder) {
    super(builder, builder.momentum);
    momentum = builder.momentum;
  }

  /** Returns the local names of the slots in front of the momentum's, by default none. */
  List<String> ownSlots() {
    return List.of();
  }

  @Override
  protected final List<String> slots(double groupMomentum) {
    List<String> names = new ArrayList<>(ownSlots());
    if (groupMomentum > 0) {
      names.add("momentum");
    }
    return names;
  }

  /**
   * Collects the options that these rules share.
   *
   * @param <B> the builder itself
   */
  abstract static class Builder<B extends Builder<B>> extends ElementwiseOptimizer.Builder<B> {
    double momentum;

    Builder(String name, double rate) {
      super(name, rate);
    }

    @Override
    protected final boolean hasMomentum() {
      return true;
    }

    /** Sets the share of the last change that is kept, at least 0; usually 0.9. */
    public B momentum(double value) {
      momentum = Checks.notNegative(name, "momentum", value);
      return self();
    }
  }
}
