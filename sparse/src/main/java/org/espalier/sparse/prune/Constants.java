package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Scale;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Scatter;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Reads off one recorded pass what zeroed filters still emit, where it arrives, and moves it there:
 * into a stream's constants, a reader's bias, or the running mean behind a reader
 * (structured-pruning reference, section 3). What lies between filter and reader (norms,
 * activations, pools) was run, not guessed.
 */
final class Constants {
  private static final double TOLERANCE = 1e-6;

  /** What one input of a call gets from zeroed filters: values by position on its last axis. */
  private record Arrivals(double[] values, boolean[] dead, boolean even) {
    boolean isNothing() {
      for (int p = 0; p < values.length; p++) {
        if (dead[p] && values[p] != 0) {
          return false;
        }
      }
      return true;
    }
  }

  private final Module model;
  private final ChannelGraph graph;
  private final Set<Integer> dead = new HashSet<>();
  private final Map<Var, List<Call>> readers = new IdentityHashMap<>();
  private final List<String> inexact = new ArrayList<>();
  private Set<Integer> unmovable;

  /**
   * Runs the model once on a random sample.
   *
   * @param model the model, its zeroed filters still in place
   * @param sampleShape the shape of one sample
   * @param gone the channels that will be cut, of any graph of this model
   */
  Constants(Module model, Shape sampleShape, ChannelSelection gone) {
    this.model = model;
    try (Pass pass = Pass.study()) {
      Tensor sample = Tensor.zeros(ChannelGraph.dtype(model), ChannelGraph.batch(sampleShape));
      Init.normal(0, 1).fill(sample, Random.of(0).stream("constants"));
      Var x = pass.input(sample);
      Var y = model.apply(pass, x);
      graph = ChannelGraph.read(model, pass.tape(), x, y, List.of());
    }
    for (CutRecord.Slice slice : CutRecord.of(gone).slices()) {
      for (Unit unit : graph.select(slice.path(), slice.axis(), slice.indices()).units()) {
        dead.add(unit.set());
      }
    }
    for (Call call : graph.calls()) {
      for (int i = 0; i < call.inputCount(); i++) {
        if (call.input(i) != null) {
          readers.computeIfAbsent(call.input(i), var -> new ArrayList<>()).add(call);
        }
      }
    }
  }

  /** Returns what could not be moved exactly, one line a reader. */
  List<String> inexact() {
    return inexact;
  }

  /**
   * Tells whether what a channel gives can be moved exactly: it arrives as a constant everywhere,
   * no zero padding lies before a reader, and each reader has somewhere to put it.
   */
  boolean isMovable(Unit unit) {
    CutAxis root = unit.root();
    int[] rows = root.now(unit.footprint().get(root));
    if (unmovable == null) {
      unmovable = findUnmovable();
    }
    return graph.select(root.path(), root.axis(), rows).units().stream()
        .noneMatch(same -> unmovable.contains(same.set()));
  }

  private Set<Integer> findUnmovable() {
    Set<Integer> found = new HashSet<>();
    for (Call call : graph.calls()) {
      boolean sums = reads(call);
      if (sums || call.op() instanceof org.espalier.autograd.op.Scatter) {
        Arrivals all = arrivals(call);
        for (int p = 0; p < all.values.length; p++) {
          if (all.dead[p]
              && !(isEven(call.in(0), p, all.values[p]) && (!sums || folds(call, all, p)))) {
            found.add(graph.setOf(call.input(0), call.input(0).shape().rank() - 1, p));
          }
        }
      }
    }
    return found;
  }

  /** Tells whether one channel's constant alone folds exactly into a reader. */
  private boolean folds(Call call, Arrivals all, int channel) {
    if (all.values[channel] == 0) {
      return true;
    }
    boolean[] alone = new boolean[all.values.length];
    alone[channel] = true;
    Arrivals one = new Arrivals(all.values, alone, true);
    double[] amounts = amounts(call, one);
    boolean hasPlace = graph.parameterOf(call.input(2)) != null || runningMeanBehind(call) != null;
    return (areNothing(amounts) || hasPlace) && error(call, one, amounts) == 0;
  }

  private static boolean areNothing(double... amounts) {
    return Arrays.stream(amounts).allMatch(amount -> amount == 0);
  }

  /** Tells whether a call sums over the channels of its input by a parameter's weights. */
  private boolean reads(Call call) {
    return call.op().cost(call.axes()).macs() > 0 && graph.parameterOf(call.input(1)) != null;
  }

  /** Gives each scatter the constants that its cut channels put into the stream. */
  void intoStreams() {
    for (Call call : graph.calls()) {
      if (call.op() instanceof org.espalier.autograd.op.Scatter
          && model.modules().get(call.scope()) instanceof Scatter scatter) {
        Arrivals arrivals = arrivals(call);
        if (!arrivals.isNothing()) {
          note(call, arrivals, 0);
          add(call.in(1).i32(), arrivals, scatter.constant());
        }
      }
    }
  }

  private static void add(int[] index, Arrivals arrivals, Parameter constant) {
    constant.update(
        stream -> {
          for (int k = 0; k < index.length; k++) {
            if (arrivals.dead[k] && index[k] >= 0) {
              stream.set(index[k], stream.get(index[k]) + arrivals.values[k]);
            }
          }
        });
  }

  /** Adds to each layer that sums over cut channels what they gave. */
  void intoReaders() {
    for (Call call : graph.calls()) {
      if (reads(call)) {
        Arrivals arrivals = arrivals(call);
        if (!arrivals.isNothing()) {
          fold(call, arrivals);
        }
      }
    }
  }

  private Arrivals arrivals(Call call) {
    Var x = call.input(0);
    int channels = x.shape().size(-1);
    int axis = x.shape().rank() - 1;
    double[] values = new double[channels];
    boolean[] gone = new boolean[channels];
    boolean even = true;
    for (int p = 0; p < channels; p++) {
      gone[p] = dead.contains(graph.setOf(x, axis, p));
      if (gone[p]) {
        values[p] = middle(call.in(0), p);
        even &= isEven(call.in(0), p, values[p]);
      }
    }
    return new Arrivals(values, gone, even);
  }

  /** Returns the value in the middle of the map, where no padding reaches first. */
  private static double middle(Tensor x, int channel) {
    Shape shape = x.shape();
    int element = 0;
    for (int axis = 0; axis < shape.rank() - 1; axis++) {
      element = element * shape.size(axis) + shape.size(axis) / 2;
    }
    return x.get(element * shape.size(-1) + channel);
  }

  private static boolean isEven(Tensor x, int channel, double value) {
    int channels = x.shape().size(-1);
    for (int e = channel; e < x.count(); e += channels) {
      if (Math.abs(x.get(e) - value) > TOLERANCE * (1 + Math.abs(value))) {
        return false;
      }
    }
    return true;
  }

  private void fold(Call call, Arrivals arrivals) {
    double[] amounts = amounts(call, arrivals);
    note(call, arrivals, error(call, arrivals, amounts));
    if (areNothing(amounts)) {
      return;
    }
    Parameter bias = graph.parameterOf(call.input(2));
    Parameter mean = bias == null ? runningMeanBehind(call) : null;
    if (bias != null) {
      shift(bias, 1, amounts);
    } else if (mean != null) {
      shift(mean, -1, amounts);
    } else {
      inexact.add(
          call.scope() + ": constants dropped, there is neither a bias nor a batch norm behind it");
    }
  }

  private static void shift(Parameter parameter, double sign, double... amounts) {
    parameter.update(
        raw -> {
          for (int o = 0; o < amounts.length; o++) {
            raw.set(o, raw.get(o) + sign * amounts[o]);
          }
        });
  }

  /** Returns what the constants add to each output through all kernel taps. */
  private static double[] amounts(Call call, Arrivals arrivals) {
    Tensor weight = call.in(1);
    int rows = weight.shape().size(0);
    int columns = weight.shape().size(-1);
    int taps = weight.count() / rows / columns;
    int groups = arrivals.values.length / columns;
    double[] amounts = new double[rows];
    for (int o = 0; o < rows; o++) {
      int first = o / (rows / groups) * columns;
      for (int e = 0; e < taps * columns; e++) {
        int channel = first + e % columns;
        if (arrivals.dead[channel]) {
          amounts[o] += weight.get(o * taps * columns + e) * arrivals.values[channel];
        }
      }
    }
    return amounts;
  }

  /** Runs the reader on the constants alone and returns how far any output is from the amount. */
  private static double error(Call call, Arrivals arrivals, double... amounts) {
    Tensor alone = Tensor.zeros(call.in(0).dtype(), call.in(0).shape());
    int channels = arrivals.values.length;
    for (int e = 0; e < alone.count(); e++) {
      alone.set(e, arrivals.dead[e % channels] ? arrivals.values[e % channels] : 0);
    }
    Tensor y = Tape.run(call.op(), Var.constant(alone), Var.constant(call.in(1)), null).value();
    double error = 0;
    for (int e = 0; e < y.count(); e++) {
      double amount = amounts[e % amounts.length];
      double off = Math.abs(y.get(e) - amount);
      error = Math.max(error, off > TOLERANCE * (1 + Math.abs(amount)) ? off : 0);
    }
    return error;
  }

  private void note(Call call, Arrivals arrivals, double error) {
    if (!arrivals.even) {
      inexact.add(
          call.scope() + ": cut channels do not arrive as constants (a padded layer lies before)");
    }
    if (error > 0) {
      inexact.add(
          "%s: constants fold exactly only away from the zero padding; at the border they differ by up to %.3g"
              .formatted(call.scope(), error));
    }
  }

  /** Returns the running mean of the batch norm that alone reads a call's output, or null. */
  private Parameter runningMeanBehind(Call call) {
    List<Call> next = readers.getOrDefault(call.output(), List.of());
    if (next.size() == 1
        && next.get(0).op() instanceof Scale
        && next.get(0).input(0) == call.output()
        && model.modules().get(next.get(0).scope()) instanceof BatchNorm norm) {
      return norm.runningMean();
    }
    return null;
  }
}
