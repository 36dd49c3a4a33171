package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
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
    return (areNothing(amounts) || hasOwnPlace(call)) && error(call, one, amounts) == 0;
  }

  /** Tells whether a constant has somewhere to go, which no other call would feel. */
  private boolean hasOwnPlace(Call call) {
    Parameter place = place(call);
    return place != null
        && graph.calls().stream().filter(c -> reads(c) && place(c) == place).count() == 1;
  }

  /** Returns what can take a call's constants: its bias, else the running mean behind, or null. */
  private Parameter place(Call call) {
    Parameter bias = graph.parameterOf(call.input(2));
    return bias == null ? runningMeanBehind(call) : bias;
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
    Map<Parameter, List<double[]>> folds = new LinkedHashMap<>();
    for (Call call : graph.calls()) {
      if (reads(call)) {
        fold(call, arrivals(call), folds);
      }
    }
    folds.forEach(this::shift);
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

  /** Notes by how much a bias, or the running mean behind, would have to move for this call. */
  private void fold(Call call, Arrivals arrivals, Map<Parameter, List<double[]>> folds) {
    double[] amounts = amounts(call, arrivals);
    Parameter place = place(call);
    if (place != null) {
      boolean bias = place == graph.parameterOf(call.input(2));
      double[] moves = Arrays.stream(amounts).map(a -> bias ? a : -a).toArray();
      folds.computeIfAbsent(place, key -> new ArrayList<>()).add(moves);
    }
    if (!arrivals.isNothing()) {
      note(call, arrivals, error(call, arrivals, amounts));
      if (place == null && !areNothing(amounts)) {
        inexact.add(
            call.scope()
                + ": constants dropped, there is neither a bias nor a batch norm behind it");
      }
    }
  }

  /** Moves a parameter once, however many calls share it: by the mean of what they ask for. */
  private void shift(Parameter parameter, List<double[]> moves) {
    double[] mean = new double[moves.get(0).length];
    double apart = 0;
    for (int o = 0; o < mean.length; o++) {
      for (double[] move : moves) {
        mean[o] += move[o] / moves.size();
        double off = Math.abs(move[o] - moves.get(0)[o]);
        apart = Math.max(apart, off > TOLERANCE * (1 + Math.abs(move[o])) ? off : 0);
      }
    }
    if (apart > 0) {
      inexact.add(
          "%s is shared by calls that get other constants, up to %.3g apart; it moved by their mean"
              .formatted(parameter.name(), apart));
    }
    if (!areNothing(mean)) {
      parameter.update(
          raw -> {
            for (int o = 0; o < mean.length; o++) {
              raw.set(o, raw.get(o) + mean[o]);
            }
          });
    }
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
