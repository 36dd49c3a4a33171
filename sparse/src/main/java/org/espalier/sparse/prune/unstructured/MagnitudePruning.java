package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Stateful;
import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.prune.Ranking;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Prunes the connections of smallest magnitude while the network trains, more and more of them by a
 * schedule (Zhu and Gupta, 2017; resource-efficiency survey, P1 and P2).
 *
 * <p>Masks are chosen from the stored values, those of masked weights included. A masked weight
 * gets no update, whatever momentum or decay its optimizer has, and comes back only where its
 * stored value outranks others at the next choice. After the last step of the schedule masks stay.
 * They are fixed masks, saved with the model; when the run is over they are baked in.
 */
public final class MagnitudePruning implements Callback, Stateful {
  private final Shape sampleShape;
  private final CubicSparsitySchedule schedule;
  private final MaskPattern pattern;
  private final List<String> excluded;
  private final ConnectionHold hold = new ConnectionHold();
  private Collection<Parameter> weights;
  private long steps;

  private MagnitudePruning(
      Shape sampleShape,
      CubicSparsitySchedule schedule,
      MaskPattern pattern,
      List<String> excluded) {
    this.sampleShape = sampleShape;
    this.schedule = schedule;
    this.pattern = pattern;
    this.excluded = List.copyOf(excluded);
  }

  /**
   * Returns the callback; a hand-written loop calls {@link #attach} first.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   * @param ranking whether each layer loses its share, or all together
   * @param excluded layers that take no part
   */
  public static MagnitudePruning of(
      Shape sampleShape, CubicSparsitySchedule schedule, Ranking ranking, String... excluded) {
    return of(sampleShape, schedule, MaskPattern.of(ranking), excluded);
  }

  /** Returns the callback that masks by a pattern, such as blocks or two of four. */
  public static MagnitudePruning of(
      Shape sampleShape, CubicSparsitySchedule schedule, MaskPattern pattern, String... excluded) {
    return new MagnitudePruning(sampleShape, schedule, pattern, List.of(excluded));
  }

  @Override
  public String name() {
    return "magnitude pruning";
  }

  /** Puts masks of ones on the model's connections and chooses those of the first step. */
  public void attach(Module subject) {
    weights = ConnectionWeights.of(subject, sampleShape, excluded).values();
    weights.forEach(ConnectionHold::on);
    subject.state();
    choose();
  }

  private void choose() {
    if (schedule.updates(steps)) {
      prune(weights, pattern, schedule.sparsity(steps));
    }
  }

  /** Masks the smallest stored values of some weights, once. */
  public static void prune(Collection<Parameter> weights, Ranking ranking, double sparsity) {
    prune(weights, MaskPattern.of(ranking), sparsity);
  }

  /** Masks the smallest stored values of some weights by a pattern, once. */
  public static void prune(Collection<Parameter> weights, MaskPattern pattern, double sparsity) {
    List<Tensor> scores = new ArrayList<>();
    weights.forEach(weight -> scores.add(ConnectionMasks.magnitudes(weight.raw())));
    List<Tensor> masks = pattern.masks(scores, sparsity);
    int next = 0;
    for (Parameter weight : weights) {
      ConnectionHold.set(weight, masks.get(next++));
    }
  }

  @Override
  public void epochStart(Epoch epoch) {
    if (epoch.index() == 0 && weights == null) {
      attach(epoch.model());
      weights.forEach(weight -> epoch.claim(weight, name()));
    }
  }

  @Override
  public void backwardDone(Step step) {
    // A resumed run finds its masks on the weights, and folding a norm puts others in their place.
    weights = ConnectionHold.maskedIn(step);
    hold.before(weights);
  }

  @Override
  public void stepDone(Step step) {
    hold.after();
    steps++;
    choose();
  }

  @Override
  public void epochDone(Epoch epoch) {
    epoch.metric("sparsity", ConnectionHold.sparsity(weights));
  }

  @Override
  public void runDone(Module trained) {
    for (Parameter weight : ConnectionWeights.of(trained, sampleShape, excluded).values()) {
      if (weight.parametrizations().size() == 1) {
        weight.fold();
      }
    }
  }

  @Override
  public String stateName() {
    return "magnitude_pruning";
  }

  @Override
  public Map<String, Object> state() {
    return Map.of("steps", steps);
  }

  @Override
  public void restoreState(Map<String, Object> state) {
    steps = ((Number) state.get("steps")).longValue();
  }
}
