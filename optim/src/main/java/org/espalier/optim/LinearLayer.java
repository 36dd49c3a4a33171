package org.espalier.optim;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Linear;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Is a weight that sums over inputs, in a linear layer or a convolution, with the calls of one pass
 * that used it: what second-order methods need, which read a layer's inputs beside its gradient.
 *
 * @param weight the weight {@code [out, ..., in/groups]}
 * @param bias the bias, null where there is none, or it is not among the parameters asked for, or
 *     several layers share it
 * @param biased whether the layer has a bias, even one that is left alone
 * @param groups the groups of a convolution, else 1
 * @param uses the calls, in order; a shared layer has several
 */
public record LinearLayer(
    Parameter weight, Parameter bias, boolean biased, int groups, List<Call> uses) {
  /**
   * Returns the layers whose weights are among some parameters, in the order of the pass.
   *
   * @throws IllegalArgumentException if a weight is used with a bias and without, or in
   *     convolutions of different groups
   */
  public static List<LinearLayer> of(Tape tape, Iterable<Parameter> parameters) {
    Map<Var, Parameter> held = new IdentityHashMap<>();
    for (Parameter parameter : parameters) {
      Var effective = tape.watchedVar(new Pass.EffectiveValue(parameter));
      held.put(effective == null ? tape.watchedVar(parameter) : effective, parameter);
    }
    held.remove(null);
    Map<Parameter, List<Call>> uses = new LinkedHashMap<>();
    Map<Var, Set<Parameter>> weightsOf = new IdentityHashMap<>();
    for (Call call : tape.calls()) {
      Parameter weight = isLinear(call.op()) ? held.get(call.input(1)) : null;
      if (weight != null && weight.shape().equals(call.input(1).shape())) {
        uses.computeIfAbsent(weight, key -> new ArrayList<>()).add(call);
        weightsOf.computeIfAbsent(call.input(2), key -> new HashSet<>()).add(weight);
      }
    }
    List<LinearLayer> layers = new ArrayList<>();
    uses.forEach((weight, calls) -> layers.add(of(weight, calls, held, weightsOf)));
    return layers;
  }

  private static boolean isLinear(Op op) {
    return op instanceof Linear || op instanceof Convolution;
  }

  private static LinearLayer of(
      Parameter weight,
      List<Call> calls,
      Map<Var, Parameter> held,
      Map<Var, Set<Parameter>> weightsOf) {
    Var bias = calls.get(0).input(2);
    int groups = groups(calls.get(0));
    for (Call call : calls) {
      if (call.input(2) != bias || groups(call) != groups) {
        throw new IllegalArgumentException(
            "%s: its uses differ, at %s and %s: a shared weight needs one bias and one number of groups"
                .formatted(weight.name(), calls.get(0).scope(), call.scope()));
      }
    }
    // One bias of two layers would move twice.
    boolean own = bias != null && weightsOf.get(bias).size() == 1;
    return new LinearLayer(
        weight, own ? held.get(bias) : null, bias != null, groups, List.copyOf(calls));
  }

  private static int groups(Call call) {
    return call.op() instanceof Convolution
        ? call.input(0).shape().size(-1) / call.input(1).shape().size(-1)
        : 1;
  }

  /** Returns the number of inputs of a group, the bias's not counted: {@code kh·kw·in/groups}. */
  public int inputs() {
    Shape shape = weight.shape();
    return shape.count(1, shape.rank());
  }

  /**
   * Returns the mean input of the layer, F64 {@code [groups, n]}: the mean over the batch, over all
   * windows with their padding, and over its uses; n counts kernel rows, columns, channels, and a
   * last constant 1 if there is a bias.
   */
  public Tensor meanInput() {
    BlockLayout layout = BlockLayout.of(this, false);
    double[] mean = new double[layout.width()];
    new MeanInput(this, layout, Workspace.heap().lease()).into(mean);
    return Tensor.of(Shape.of(groups, layout.size()), Arrays.copyOf(mean, mean.length));
  }
}
