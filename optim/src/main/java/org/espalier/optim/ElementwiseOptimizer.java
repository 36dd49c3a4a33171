package org.espalier.optim;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.espalier.autograd.Leaf;
import org.espalier.nn.Denormals;
import org.espalier.nn.Parameter;
import org.espalier.nn.Slot;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Is the frame of optimizers whose rule changes each number by its own gradient and slots alone.
 *
 * <p>A rule is two loops: over floats, which the JIT vectorises, and over doubles, its plain twin
 * for proofs. Parameter groups, slots, step counts and the flushing of tiny numbers are here.
 */
public abstract class ElementwiseOptimizer implements Optimizer {
  /**
   * Holds what a rule needs to know besides the arrays.
   *
   * @param rate the learning rate of now
   * @param weightDecay the factor of the L2 penalty's gradient
   * @param momentum the share of the last step's change
   * @param sign 1, or -1 to maximize
   * @param count the number of this step of this parameter, from 1; 1 for rules that do not count
   * @param first whether the slots hold nothing yet
   */
  protected record Now(
      double rate, double weightDecay, double momentum, double sign, int count, boolean first) {
    /** Returns the rate fallen with the steps before, {@code rate / (1 + decay · (count - 1))}. */
    double rate(double decay) {
      return rate / (1 + decay * (count - 1));
    }
  }

  /** Elements of value, gradient and two slots that fill half an L1 cache. */
  private static final int STRETCH = 1024;

  private final String name;
  private final Settings base;
  private final double sign;
  private final List<Group> groups;

  /** Creates the optimizer from its options. */
  protected ElementwiseOptimizer(Builder<?> builder, double momentum) {
    name = builder.name;
    base = new Settings(builder.rate, builder.weightDecay, momentum);
    sign = builder.maximize ? -1 : 1;
    groups = List.copyOf(builder.groups);
  }

  /** Returns the name, which also begins the names of the slots: {@code sgd.momentum}. */
  protected final String name() {
    return name;
  }

  /** Returns the local names of the slots that a parameter with this momentum needs. */
  protected abstract List<String> slots(double momentum);

  /** Returns what new slots hold. */
  protected double slotStart() {
    return 0;
  }

  /** Tells whether the rule asks for the number of the step. */
  protected boolean countsSteps() {
    return false;
  }

  /**
   * Changes elements {@code from} to {@code to} of value p and slots s in place by gradient g,
   * which is not modified. Several threads may do so at once, each in its own part.
   */
  protected abstract void change(float[] p, float[] g, float[][] s, int from, int to, Now now);

  /** Does the same in double. */
  protected abstract void change(double[] p, double[] g, double[][] s, int from, int to, Now now);

  /** Adds the options of this rule to a description. */
  protected abstract void describe(Map<String, Object> options);

  @Override
  public final void step(Step step, Predicate<Parameter> members) {
    for (Map.Entry<Leaf, Tensor> entry : step.gradients().byLeaf().entrySet()) {
      if (entry.getKey() instanceof Parameter parameter && members.test(parameter)) {
        step(parameter, entry.getValue(), step.rate());
      }
    }
  }

  private void step(Parameter parameter, Tensor gradient, Rate rate) {
    Settings settings = settings(parameter);
    List<String> names = slots(settings.momentum());
    boolean first = !names.isEmpty() && !parameter.slots().containsKey(path(names.get(0)));
    List<Slot> slots = new ArrayList<>(names.size());
    for (String local : names) {
      slots.add(slot(parameter, local));
    }
    Now now =
        new Now(
            Checks.notNegative(name, "rate", rate.of(settings.rate())),
            settings.weightDecay(),
            settings.momentum(),
            sign,
            countsSteps() ? count(parameter) : 1,
            first);
    parameter.update(raw -> change(raw, gradient, slots, now));
  }

  private Settings settings(Parameter parameter) {
    for (Group group : groups) {
      if (group.holds(parameter)) {
        return group.over(base);
      }
    }
    return base;
  }

  private String path(String slot) {
    return name + "." + slot;
  }

  private Slot slot(Parameter parameter, String localName) {
    Shape shape = parameter.raw().shape();
    Slot slot =
        parameter.slot(
            path(localName), () -> Tensor.full(parameter.dtype(), shape, slotStart()), null);
    if (!slot.tensor().shape().equals(shape) || slot.tensor().dtype() != parameter.dtype()) {
      throw new StateException(
          "%s: slot %s is %s%s, the parameter is %s%s; call restart, or restore both together"
              .formatted(
                  parameter.name(),
                  path(localName),
                  slot.tensor().dtype(),
                  slot.tensor().shape(),
                  parameter.dtype(),
                  shape));
    }
    return slot;
  }

  private int count(Parameter parameter) {
    int[] count =
        parameter
            .slot(path("step"), () -> Tensor.zeros(DType.I32, Shape.scalar()), null)
            .tensor()
            .i32();
    return ++count[0];
  }

  private void change(Tensor raw, Tensor gradient, List<Slot> slots, Now now) {
    int count = raw.count();
    if (raw.dtype() == DType.F64) {
      double[][] kept = slots.stream().map(slot -> slot.tensor().f64()).toArray(double[][]::new);
      change(raw.f64(), gradient.f64(), kept, 0, count, now);
      return;
    }
    float[] p = raw.f32();
    float[] g = gradient.f32();
    float[][] kept = new float[slots.size()][];
    for (int k = 0; k < kept.length; k++) {
      kept[k] = slots.get(k).tensor().f32();
    }
    Parallel.range(count, Parallel.GRAIN, (from, to) -> changeStretches(p, g, kept, from, to, now));
  }

  /** Changes and flushes what the L1 cache holds before going on to the next stretch. */
  private void changeStretches(float[] p, float[] g, float[][] s, int from, int to, Now now) {
    for (int at = from; at < to; at += STRETCH) {
      int end = Math.min(to, at + STRETCH);
      change(p, g, s, at, end, now);
      Denormals.flush(p, at, end);
      for (float[] slot : s) {
        Denormals.flush(slot, at, end);
      }
    }
  }

  @Override
  public final double rate() {
    return base.rate();
  }

  @Override
  public final void restart(Collection<Parameter> parameters) {
    for (Parameter parameter : parameters) {
      parameter.slots().keySet().removeIf(slot -> slot.startsWith(name + "."));
    }
  }

  @Override
  public final Map<String, Object> describe() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("optimizer", name);
    options.put("rate", base.rate());
    options.put("weightDecay", base.weightDecay());
    if (sign < 0) {
      options.put("maximize", true);
    }
    describe(options);
    if (!groups.isEmpty()) {
      options.put("groups", groups.stream().map(Group::describe).toList());
    }
    return options;
  }

  @Override
  public final String toString() {
    return describe().toString();
  }

  /**
   * Collects the options that all these optimizers share.
   *
   * @param <B> the builder itself
   */
  public abstract static class Builder<B extends Builder<B>> {
    final String name;

    private final List<Group> groups = new ArrayList<>();
    private double rate;
    private double weightDecay;
    private boolean maximize;

    /** Creates a builder of a rule's name, with a default learning rate and no weight decay. */
    protected Builder(String name, double rate) {
      this.name = name;
      this.rate = rate;
    }

    /** Returns this builder, which is a B: each builder names itself as its type argument. */
    @SuppressWarnings("unchecked")
    protected final B self() {
      return (B) this;
    }

    /** Tells whether the rule has a weight decay; by default it has. */
    protected boolean hasWeightDecay() {
      return true;
    }

    /** Tells whether the rule has a momentum; by default it has none. */
    protected boolean hasMomentum() {
      return false;
    }

    /** Sets the base learning rate, at least 0. */
    public B rate(double value) {
      rate = Checks.notNegative(name, "rate", value);
      return self();
    }

    /** Sets the factor of the L2 penalty {@code weightDecay/2 · Σw²}, at least 0. */
    public B weightDecay(double value) {
      requireWeightDecay();
      weightDecay = Checks.notNegative(name, "weightDecay", value);
      return self();
    }

    private void requireWeightDecay() {
      if (!hasWeightDecay()) {
        throw new IllegalArgumentException(
            name + ": this rule has no weight decay; add a penalty to the loss instead");
      }
    }

    /** Climbs instead of descending: the gradient's sign is turned first. */
    public B maximize() {
      maximize = true;
      return self();
    }

    /** Gives some parameters settings of their own; the first group that holds one counts. */
    public B group(Group group) {
      if (group.setsWeightDecay()) {
        requireWeightDecay();
      }
      if (group.setsMomentum() && !hasMomentum()) {
        throw new IllegalArgumentException(name + ": a group sets a momentum, this rule has none");
      }
      groups.add(group);
      return self();
    }
  }
}
