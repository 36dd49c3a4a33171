package org.espalier.sparse.prune.criterion.nisp;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Tensor;

/**
 * Walks importance back through one recorded pass and notes what every layer's rows are worth, the
 * sum over all positions.
 *
 * <p>Sums of absolute weights multiply from layer to layer and leave the range of float32 in deep
 * nets. Where all paths meet in one value, so that nothing else is on its way, the walk divides by
 * a power of two, which is exact, and remembers it: scores come out as if nothing had been divided.
 */
final class ImportanceSweep {
  private static final int FAR = 24;

  private final Recording recording;
  private final Var from;
  private final Rule rule;
  private final Set<Var> narrow;
  private final Map<Call, Integer> positions = new IdentityHashMap<>();

  /**
   * Prepares walks.
   *
   * @param recording a pass that has numbers
   * @param from where they start
   * @param rule what carries importance
   */
  ImportanceSweep(Recording recording, Var from, Rule rule) {
    this.recording = recording;
    this.from = from;
    this.rule = rule;
    this.narrow = narrow();
    for (int i = 0; i < recording.calls().size(); i++) {
      positions.put(recording.calls().get(i), i);
    }
  }

  /** Finds the values through which all importance passes. */
  private Set<Var> narrow() {
    Set<Var> data = Collections.newSetFromMap(new IdentityHashMap<>());
    data.add(recording.input());
    for (Call call : recording.calls()) {
      for (int i = 0; i < call.inputCount(); i++) {
        if (data.contains(call.input(i))) {
          data.add(call.output());
        }
      }
    }
    Set<Var> found = Collections.newSetFromMap(new IdentityHashMap<>());
    Set<Var> live = Collections.newSetFromMap(new IdentityHashMap<>());
    live.add(from);
    for (int k = recording.calls().size() - 1; k >= 0; k--) {
      Call call = recording.calls().get(k);
      if (live.contains(call.output())) {
        if (live.size() == 1) {
          found.add(call.output());
        }
        live.remove(call.output());
        for (int i = 0; i < call.inputCount(); i++) {
          if (data.contains(call.input(i))) {
            live.add(call.input(i));
          }
        }
      }
    }
    return found;
  }

  /**
   * Walks once.
   *
   * @param seed importance of the first value, of its shape with one sample
   * @param dead rows, by the weight that makes them, that pass nothing on
   * @param until the number of the call that is judged last: what lies before it gets nothing
   */
  Result run(Tensor seed, Map<Parameter, boolean[]> dead, int until) {
    Run run = new Run(dead, until);
    Gradients carried = Walk.run(from, seed, run);
    return new Result(run.rows, carried.of(recording.input()), run.exponent);
  }

  /**
   * Holds what a walk brought.
   *
   * @param rows one sum a row of each weight, over all positions and uses
   * @param input what arrived at the model's input, null if nothing
   * @param exponent the power of two by which that must be multiplied
   */
  record Result(Map<Parameter, double[]> rows, Tensor input, int exponent) {}

  private final class Run implements Rule {
    private final Map<Parameter, boolean[]> dead;
    private final int until;
    private final Map<Parameter, double[]> rows = new LinkedHashMap<>();
    private int exponent;

    Run(Map<Parameter, boolean[]> dead, int until) {
      this.dead = dead;
      this.until = until;
    }

    @Override
    public Tensor[] apply(Call call, Tensor upstream) {
      Tensor score = narrow.contains(call.output()) ? scaled(upstream) : upstream;
      boolean sums = call.op().cost(call.axes()).macs() > 0;
      Parameter weight = sums ? recording.parameterOf(call.input(1)) : null;
      if (weight != null) {
        note(weight, score);
        score = dead.containsKey(weight) ? masked(score, dead.get(weight)) : score;
      }
      boolean ends = positions.get(call) <= until;
      return ends ? new Tensor[call.inputCount()] : rule.apply(call, score);
    }

    private Tensor scaled(Tensor score) {
      double largest = 0;
      for (int e = 0; e < score.count(); e++) {
        largest = Math.max(largest, score.get(e));
      }
      int by = largest == 0 ? 0 : Math.getExponent(largest);
      if (Math.abs(by) < FAR) {
        return score;
      }
      exponent += by;
      Tensor scaled = Tensor.zeros(score.dtype(), score.shape());
      for (int e = 0; e < score.count(); e++) {
        scaled.set(e, Math.scalb(score.get(e), -by));
      }
      return scaled;
    }

    private void note(Parameter weight, Tensor score) {
      int channels = score.shape().size(-1);
      double[] sums = rows.computeIfAbsent(weight, key -> new double[channels]);
      double[] values = score.toDoubles();
      for (int e = 0; e < values.length; e++) {
        sums[e % channels] += Math.scalb(values[e], exponent);
      }
      if (!Arrays.stream(sums).allMatch(Double::isFinite)) {
        throw new ArithmeticException(
            "neuron importance: the scores of '%s' left the range of numbers; start the walk with smaller ones"
                .formatted(weight.name()));
      }
    }

    private static Tensor masked(Tensor score, boolean... out) {
      Tensor masked = score.copy();
      for (int e = 0; e < masked.count(); e++) {
        if (out[e % out.length]) {
          masked.set(e, 0);
        }
      }
      return masked;
    }
  }
}
