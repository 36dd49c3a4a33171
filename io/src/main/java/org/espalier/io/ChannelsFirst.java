package org.espalier.io;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.AxisSpec.Letter;
import org.espalier.autograd.AxisSpec.Merged;
import org.espalier.autograd.AxisSpec.Term;
import org.espalier.autograd.AxisSpec.Window;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Translates a model's parameters between channels-first files (PyTorch, ONNX) and our
 * channels-last tensors; the only place that knows the difference.
 *
 * <p>A convolution's weight changes {@code [out, in, kernel...]} into {@code [out, kernel..., in]}.
 * A layer behind {@code flatten} has its columns permuted too, and no tensor's rank tells so: one
 * shape pass of the model does. Where {@code (h w c)} were merged, the file counts {@code (c h w)},
 * and every parameter axis that carries the merged axis follows.
 */
public final class ChannelsFirst {
  /**
   * How one parameter is stored in channels-first files: the axis order, and per axis of ours the
   * file's index.
   */
  private record Layout(int[] axisOrder, Map<Integer, int[]> fileIndex) {}

  private final Map<String, Layout> layouts = new LinkedHashMap<>();

  private ChannelsFirst() {}

  /**
   * Reads the translation off one shape pass of the model; the shape is that of one sample, without
   * the batch axis.
   */
  public static ChannelsFirst of(Module model, Shape sampleShape) {
    ChannelsFirst result = new ChannelsFirst();
    Map<String, Parameter> state = model.state();
    try (Pass pass = Pass.shapes()) {
      model.apply(pass, pass.input(sampleShape.batched(1)));
      Map<Var, Set<String>> sources = new IdentityHashMap<>();
      state.forEach(
          (path, parameter) -> {
            Var read = pass.tape().watchedVar(new Pass.EffectiveValue(parameter));
            if (read != null) {
              sources.put(read, Set.of(path));
            }
          });
      result.read(pass.tape().calls(), sources);
    }
    return result;
  }

  /**
   * Returns our tensor for one that a channels-first file holds; the file's tensor is not modified.
   */
  public Tensor toChannelsLast(String path, Shape ours, Tensor file) {
    Layout layout = layouts.get(path);
    Tensor permuted = layout == null ? file : permute(file, layout.axisOrder, path);
    if (!permuted.shape().equals(ours)) {
      throw new ShapeException(
          path
              + ": the file holds "
              + file.shape()
              + ", the model needs "
              + ours
              + " (channels last)");
    }
    return layout == null ? permuted : reorder(permuted, layout.fileIndex, false);
  }

  /** Returns what a channels-first file holds for one of our tensors, which is not modified. */
  public Tensor toChannelsFirst(String path, Tensor ours) {
    Layout layout = layouts.get(path);
    return layout == null
        ? ours
        : permute(reorder(ours, layout.fileIndex, true), inverse(layout.axisOrder), path);
  }

  /**
   * Reads all calls.
   *
   * @param sources the parameters that each value is made from, element by element; modified
   */
  private void read(List<Call> calls, Map<Var, Set<String>> sources) {
    // The file's index of each element of a value's last axis, where it differs from ours.
    Map<Var, int[]> orders = new IdentityHashMap<>();
    for (Call call : calls) {
      Set<String> combined = combined(call, sources);
      if (!combined.isEmpty()) {
        sources.put(call.output(), combined);
        continue;
      }
      if (call.axes().spec() == null || call.inputCount() == 0 || call.input(0) == null) {
        continue;
      }
      int[] order = orders.get(call.input(0));
      Term last = lastTerm(call, 0);
      for (int i = 1; i < call.inputCount(); i++) {
        for (String path : sources.getOrDefault(call.input(i), Set.of())) {
          readParameter(path, call, i, order, last);
        }
      }
      int[] passed = passedOn(call, order, last);
      if (passed != null) {
        orders.put(call.output(), passed);
      }
    }
  }

  /**
   * Returns the parameters that a call makes a vector from, as a frozen norm makes its scale from
   * gamma and variance; none where an input is something else. What reads that vector says how they
   * all are stored.
   */
  private static Set<String> combined(Call call, Map<Var, Set<String>> sources) {
    Set<String> all = new LinkedHashSet<>();
    for (int i = 0; i < call.inputCount(); i++) {
      Var input = call.input(i);
      Set<String> one = input == null ? null : sources.get(input);
      if (one == null || !input.shape().equals(call.output().shape())) {
        return Set.of();
      }
      all.addAll(one);
    }
    return all;
  }

  private static Term lastTerm(Call call, int input) {
    List<Term> terms = call.axes().terms(input);
    return terms.isEmpty() ? null : terms.get(terms.size() - 1);
  }

  private void readParameter(String path, Call call, int input, int[] order, Term last) {
    List<Term> terms = call.axes().terms(input);
    int rank = call.input(input).shape().rank();
    int[] axes = identity(rank);
    if (terms.size() == rank && hasKernelAxes(call, terms)) {
      // [out, kernel..., in] here is [out, in, kernel...] there.
      for (int axis = 1; axis < rank - 1; axis++) {
        axes[axis] = axis + 1;
      }
      axes[rank - 1] = 1;
    }
    Map<Integer, int[]> fileIndex = new LinkedHashMap<>();
    for (int axis = 0; axis < Math.min(rank, terms.size()); axis++) {
      if (order != null && terms.get(axis).equals(last)) {
        fileIndex.put(axis, order);
      }
    }
    layouts.putIfAbsent(path, new Layout(axes, fileIndex));
  }

  private static boolean hasKernelAxes(Call call, List<Term> terms) {
    List<String> kernels = new ArrayList<>();
    for (Term term : call.axes().terms(0)) {
      if (term instanceof Window window) {
        kernels.add(window.kernel());
      }
    }
    return terms.stream()
        .anyMatch(term -> term instanceof Letter letter && kernels.contains(letter.name()));
  }

  private static int[] passedOn(Call call, int[] order, Term last) {
    AxisSpec spec = call.axes().spec();
    if (spec.output().isEmpty()) {
      return null;
    }
    Term out = spec.output().get(spec.output().size() - 1);
    if (order != null) {
      return out.equals(last) ? order : null;
    }
    if (out instanceof Merged merged
        && last instanceof Letter channel
        && merged.names().contains(channel.name())) {
      return flattened(call, merged.names(), channel.name());
    }
    return null;
  }

  /**
   * Returns, for each element of an axis merged channels-last, its place when the channel is the
   * outermost letter.
   */
  private static int[] flattened(Call call, List<String> names, String channel) {
    List<String> fileNames = new ArrayList<>(names);
    fileNames.remove(channel);
    fileNames.add(0, channel);
    int[] order = new int[call.output().shape().size(-1)];
    for (int element = 0; element < order.length; element++) {
      Map<String, Integer> digits = new LinkedHashMap<>();
      int rest = element;
      for (int i = names.size() - 1; i >= 0; i--) {
        int size = call.axes().size(names.get(i));
        digits.put(names.get(i), rest % size);
        rest /= size;
      }
      for (String name : fileNames) {
        order[element] = order[element] * call.axes().size(name) + digits.get(name);
      }
    }
    return order;
  }

  private static Tensor permute(Tensor tensor, int[] order, String path) {
    if (order.length != tensor.shape().rank()) {
      throw new ShapeException(
          path + ": the file holds " + tensor.shape() + ", expected " + order.length + " axes");
    }
    if (Arrays.equals(order, identity(order.length))) {
      return tensor;
    }
    int[] sizes = new int[order.length];
    for (int axis = 0; axis < order.length; axis++) {
      sizes[axis] = tensor.shape().size(order[axis]);
    }
    Tensor permuted = Tensor.zeros(tensor.dtype(), Shape.of(sizes));
    KernelLookup.of(tensor).permute(tensor, order, permuted);
    return permuted;
  }

  private static Tensor reorder(Tensor tensor, Map<Integer, int[]> fileIndex, boolean toFile) {
    Tensor result = tensor;
    for (Map.Entry<Integer, int[]> entry : fileIndex.entrySet()) {
      int axis = entry.getKey();
      int[] order = toFile ? inverse(entry.getValue()) : entry.getValue();
      Tensor reordered = Tensor.zeros(result.dtype(), result.shape());
      KernelLookup.of(result)
          .gather(
              result,
              Tensor.indices(order.clone()),
              Span.of(result.shape(), axis, axis + 1),
              reordered);
      result = reordered;
    }
    return result;
  }

  private static int[] identity(int count) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      order[i] = i;
    }
    return order;
  }

  private static int[] inverse(int[] order) {
    int[] inverse = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      inverse[order[i]] = i;
    }
    return inverse;
  }
}
