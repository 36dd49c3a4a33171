package org.espalier.sparse.prune.unstructured;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Leaf;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Stateful;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.mask.SurgeryMask;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Prunes connections while the network trains and splices them back where they grow again (Guo, Yao
 * and Chen, Dynamic Network Surgery for Efficient DNNs, NIPS 2016; resource-efficiency survey, P3):
 * {@link SurgeryThresholds} says which, {@link SurgeryMask} lets masked weights learn on.
 *
 * <p>Before step i masks are chosen anew with probability {@code (1 + gamma·i)^-power} while {@code
 * i < stop}. A layer all of whose weights are masked when it is first measured stays so, with one
 * warning. When the run is over masks are baked in.
 */
public final class DynamicNetworkSurgery implements Callback, Stateful {
  /**
   * States how masks change.
   *
   * @param c how many deviations above the mean magnitude the thresholds lie
   * @param gamma how fast choices become rare
   * @param power how fast too
   * @param stop the step from which on masks stay
   * @param biases whether biases are masked by the thresholds of their weight
   * @param seed the seed of the draws
   */
  public record Options(
      double c, double gamma, double power, long stop, boolean biases, long seed) {
    /** Creates the options; gamma, power and stop must be at least 0. */
    public Options {
      if (!Double.isFinite(c) || !(gamma >= 0) || !(power >= 0) || stop < 0) {
        throw new IllegalArgumentException(
            "network surgery: c must be finite, gamma, power and stop at least 0, got %s, %s, %s, %d"
                .formatted(c, gamma, power, stop));
      }
    }

    /** Returns options that choose before every step up to a last one; biases stay whole. */
    public static Options always(double c, long stop) {
      return new Options(c, 0, 1, stop, false, 0);
    }
  }

  private static final System.Logger LOG = System.getLogger(DynamicNetworkSurgery.class.getName());

  private static final String BIAS = "bias";

  private final Shape sampleShape;
  private final Options options;
  private final List<String> excluded;
  private final Map<String, SurgeryThresholds> thresholds = new LinkedHashMap<>();
  private final Map<String, Parameter> masked = new LinkedHashMap<>();
  private long steps;

  /**
   * Creates the callback; a hand-written loop calls {@link #attach} first.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param excluded layers that take no part
   */
  public DynamicNetworkSurgery(Shape sampleShape, Options options, String... excluded) {
    this.sampleShape = sampleShape;
    this.options = options;
    this.excluded = List.of(excluded);
  }

  @Override
  public String name() {
    return "dynamic network surgery";
  }

  /** Puts masks of ones where there are none, measures thresholds, chooses for the first step. */
  public void attach(Module subject) {
    masked.clear();
    Map<String, Parameter> state = subject.state();
    Map<String, Parameter> weights = ConnectionWeights.of(subject, sampleShape, excluded);
    weights.forEach(
        (path, weight) -> {
          masked.put(path, weight);
          mask(weight);
          Tensor mask = SurgeryMask.on(weight).mask().raw();
          SurgeryThresholds found = SurgeryThresholds.measure(weight.raw(), mask, options.c);
          if (found == null) {
            LOG.log(
                System.Logger.Level.WARNING,
                "network surgery: no weight of {0} is left to measure; it stays pruned",
                path);
          } else {
            thresholds.put(path, found);
          }
        });
    state.forEach(
        (path, bias) -> {
          if (options.biases && path.endsWith(BIAS) && weights.containsKey(weightOf(path))) {
            masked.put(path, bias);
            mask(bias);
          }
        });
    subject.state();
    choose();
  }

  private static void mask(Parameter parameter) {
    if (SurgeryMask.on(parameter) == null) {
      parameter.attach(new SurgeryMask(Tensor.full(parameter.dtype(), parameter.shape(), 1)));
    }
  }

  /** A bias takes the thresholds of the weight beside it. */
  private static String weightOf(String path) {
    return path.endsWith(BIAS) ? path.substring(0, path.length() - BIAS.length()) + "weight" : path;
  }

  /** Returns the thresholds of a weight, or null if it is not measured. */
  public SurgeryThresholds thresholds(String path) {
    return thresholds.get(path);
  }

  private void choose() {
    double chance = Math.pow(1 + options.gamma * steps, -options.power);
    double drawn = Random.of(options.seed).stream("surgery").uniform(steps);
    if (steps >= options.stop || drawn >= chance) {
      return;
    }
    masked.forEach(this::update);
  }

  private void update(String path, Parameter parameter) {
    SurgeryThresholds limits = thresholds.get(weightOf(path));
    if (limits != null) {
      SurgeryMask.on(parameter).mask().update(mask -> limits.update(parameter.raw(), mask));
    }
  }

  @Override
  public void epochStart(Epoch epoch) {
    if (thresholds.isEmpty()) {
      attach(epoch.model());
      masked.values().forEach(weight -> epoch.claim(weight, name()));
    }
  }

  /** A run resumed in mid-epoch finds its masks on what has a gradient. */
  @Override
  public void backwardDone(Step step) {
    if (masked.isEmpty()) {
      for (Leaf leaf : step.gradients().byLeaf().keySet()) {
        if (leaf instanceof Parameter parameter && SurgeryMask.on(parameter) != null) {
          masked.put(parameter.name(), parameter);
        }
      }
    }
  }

  @Override
  public void stepDone(Step step) {
    steps++;
    choose();
  }

  @Override
  public void epochDone(Epoch epoch) {
    double zeros = 0;
    double all = 0;
    for (Parameter weight : masked.values()) {
      for (double kept : SurgeryMask.on(weight).mask().raw().toDoubles()) {
        zeros += kept == 0 ? 1 : 0;
        all++;
      }
    }
    epoch.metric("sparsity", zeros / all);
  }

  @Override
  public void runDone(Module trained) {
    trained.state().values().stream()
        .filter(parameter -> SurgeryMask.on(parameter) != null)
        .forEach(Parameter::fold);
  }

  @Override
  public String stateName() {
    return "dynamic_network_surgery";
  }

  @Override
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("steps", steps);
    Map<String, Object> measured = new LinkedHashMap<>();
    thresholds.forEach((path, t) -> measured.put(path, List.of(t.mu(), t.sigma())));
    state.put("thresholds", measured);
    return state;
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    steps = ((Number) state.get("steps")).longValue();
    thresholds.clear();
    ((Map<?, ?>) state.get("thresholds"))
        .forEach(
            (path, numbers) -> {
              List<?> pair = (List<?>) numbers;
              thresholds.put(
                  path.toString(),
                  new SurgeryThresholds(
                      ((Number) pair.get(0)).doubleValue(),
                      ((Number) pair.get(1)).doubleValue(),
                      options.c));
            });
  }
}
