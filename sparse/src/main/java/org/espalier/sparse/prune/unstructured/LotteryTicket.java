package org.espalier.sparse.prune.unstructured;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.prune.Ranking;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Finds a sparse network that trains from its early weights: train, prune a share of what is left
 * by magnitude, put the survivors back to what they were at an early step, repeat (Frankle and
 * Carbin, ICLR 2019; resource-efficiency survey, P6).
 *
 * <pre>{@code
 * LotteryTicket ticket = LotteryTicket.remember(model, sampleShape);   // at step 0 or k
 * for (int round = 0; round < 5; round++) {
 *   train(model);
 *   ticket.prune(LotteryTicket.DEFAULT_SHARE, Ranking.GLOBAL);
 * }
 * }</pre>
 */
public final class LotteryTicket {
  /** The share of the remaining connections that goes each time. */
  public static final double DEFAULT_SHARE = 0.2;

  private final Map<Parameter, Tensor> early = new LinkedHashMap<>();
  private final Map<String, Parameter> weights;

  private LotteryTicket(Module model, Shape sampleShape, List<String> excluded) {
    weights = ConnectionWeights.of(model, sampleShape, excluded);
    model.state().values().forEach(parameter -> early.put(parameter, parameter.raw().copy()));
  }

  /**
   * Remembers all values of a model as they are now; prunes nothing.
   *
   * @param excluded layers that keep all their connections
   */
  public static LotteryTicket remember(Module model, Shape sampleShape, String... excluded) {
    return new LotteryTicket(model, sampleShape, List.of(excluded));
  }

  /**
   * Masks {@code rint(share · remaining)} more connections, those of the smallest trained
   * magnitude, and rewinds: every parameter gets its early value, optimizers forget.
   */
  public void prune(double share, Ranking ranking) {
    ConnectionMasks.checkSparsity(share);
    List<Tensor> scores = new ArrayList<>();
    List<Double> kept = new ArrayList<>();
    for (Parameter weight : weights.values()) {
      Tensor mask = ConnectionHold.on(weight).mask().raw();
      Tensor score = ConnectionMasks.magnitudes(weight.raw());
      double count = 0;
      for (int i = 0; i < score.count(); i++) {
        // What was pruned before stays below all others.
        score.set(i, mask.get(i) == 0 ? -1 : score.get(i));
        count += mask.get(i);
      }
      scores.add(score);
      kept.add(count);
    }
    put(ranking == Ranking.GLOBAL ? together(scores, kept, share) : alone(scores, kept, share));
    rewind();
  }

  private static List<Tensor> together(List<Tensor> scores, List<Double> kept, double share) {
    double all = scores.stream().mapToDouble(Tensor::count).sum();
    double left = kept.stream().mapToDouble(Double::doubleValue).sum();
    return ConnectionMasks.global(scores, (all - left + Math.rint(share * left)) / all);
  }

  private static List<Tensor> alone(List<Tensor> scores, List<Double> kept, double share) {
    List<Tensor> masks = new ArrayList<>();
    for (int i = 0; i < scores.size(); i++) {
      masks.addAll(together(List.of(scores.get(i)), List.of(kept.get(i)), share));
    }
    return masks;
  }

  private void put(List<Tensor> masks) {
    int next = 0;
    for (Parameter weight : weights.values()) {
      ConnectionHold.set(weight, masks.get(next++));
    }
  }

  private void rewind() {
    early.forEach(
        (parameter, value) -> {
          parameter.restore(value.copy());
          parameter.slots().clear();
        });
  }

  /** Returns the share of connections that is masked. */
  public double sparsity() {
    return ConnectionHold.sparsity(weights.values());
  }
}
