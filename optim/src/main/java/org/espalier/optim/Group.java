package org.espalier.optim;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.espalier.nn.Parameter;

/**
 * Gives some parameters a learning rate, weight decay or momentum of their own; what is not set is
 * the optimizer's. Immutable.
 */
public final class Group {
  private final Predicate<Parameter> members;
  private final Double rate;
  private final Double weightDecay;
  private final Double momentum;

  private Group(Predicate<Parameter> members, Double rate, Double weightDecay, Double momentum) {
    this.members = members;
    this.rate = rate;
    this.weightDecay = weightDecay;
    this.momentum = momentum;
  }

  /** Returns the group of the parameters that satisfy a predicate, without settings yet. */
  public static Group of(Predicate<Parameter> members) {
    return new Group(members, null, null, null);
  }

  /** Returns this group with a base learning rate. */
  public Group rate(double value) {
    return new Group(members, Checks.notNegative("group", "rate", value), weightDecay, momentum);
  }

  /** Returns this group with a weight decay. */
  public Group weightDecay(double value) {
    return new Group(members, rate, Checks.notNegative("group", "weightDecay", value), momentum);
  }

  /** Returns this group with a momentum, for optimizers that have one. */
  public Group momentum(double value) {
    return new Group(members, rate, weightDecay, Checks.notNegative("group", "momentum", value));
  }

  boolean holds(Parameter parameter) {
    return members.test(parameter);
  }

  boolean setsWeightDecay() {
    return weightDecay != null;
  }

  boolean setsMomentum() {
    return momentum != null;
  }

  Settings over(Settings base) {
    return new Settings(
        rate == null ? base.rate() : rate,
        weightDecay == null ? base.weightDecay() : weightDecay,
        momentum == null ? base.momentum() : momentum);
  }

  Map<String, Object> describe() {
    Map<String, Object> values = new LinkedHashMap<>();
    put(values, "rate", rate);
    put(values, "weightDecay", weightDecay);
    put(values, "momentum", momentum);
    return values;
  }

  private static void put(Map<String, Object> values, String name, Double value) {
    if (value != null) {
      values.put(name, value);
    }
  }
}
