package org.espalier.sparse.quant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.Gather;
import org.espalier.autograd.op.Interpolate;
import org.espalier.autograd.op.MaxPool;
import org.espalier.autograd.op.Pad;
import org.espalier.autograd.op.Pointwise;
import org.espalier.autograd.op.Rearrange;
import org.espalier.autograd.op.Scale;
import org.espalier.autograd.op.Scatter;
import org.espalier.autograd.op.Slice;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Port;
import org.espalier.tensor.Shape;

/**
 * Finds where integer inference needs a grid: the model's input, and each value that new numbers
 * are made for, behind the batch norm and the rectifier that go into the same integer layer
 * (resource-efficiency survey, Q9). Max pooling, reshaping, padding, gathering and clamping work on
 * codes as they are and have no point of their own.
 *
 * <p>Read off one shape pass; no layer types are inspected.
 */
public final class QuantizationPoints {
  private static final String CALL = "#\\d+";

  /**
   * Is one place of a model.
   *
   * @param path the module's path, empty for the model itself
   * @param module the module
   * @param isInput whether what enters the module is meant, else what leaves it
   * @param isModelOutput whether the model returns this value
   * @param scopes the places of a pass at which the module gives it: several where it runs again
   */
  public record Point(
      String path, Module module, boolean isInput, boolean isModelOutput, List<String> scopes) {
    /** Creates the point; the scopes are copied. */
    public Point {
      scopes = List.copyOf(scopes);
    }

    /** Returns the place where transforms are attached. */
    public Port port() {
      return isInput ? module.input() : module.output();
    }

    /** Returns the name for messages, such as {@code relu1.output}. */
    public String name() {
      String side = isInput ? "input" : "output";
      return path.isEmpty() ? side : path + "." + side;
    }
  }

  /**
   * Is one layer with a weight.
   *
   * @param path the module's path
   * @param module the module
   * @param weight its weight
   */
  public record Layer(String path, Module module, Parameter weight) {}

  private final Map<String, Module> modules = new HashMap<>();
  private final Map<String, String> paths = new HashMap<>();
  private final Map<Var, List<Call>> readers = new IdentityHashMap<>();
  private final List<Call> dataCalls = new ArrayList<>();
  private final Map<Var, Parameter> weights = new IdentityHashMap<>();
  private final Set<Call> absorbed = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Module model;
  private final Var output;

  private QuantizationPoints(Module model, Shape sampleShape) {
    this.model = model;
    collect(model, "", "");
    try (Pass pass = Pass.shapes()) {
      Var x = pass.input(sampleShape.batched(1));
      output = model.apply(pass, x);
      Set<Var> data = Collections.newSetFromMap(new IdentityHashMap<>());
      data.add(x);
      for (Call call : pass.tape().calls()) {
        read(call, data);
      }
      for (Parameter parameter : model.state().values()) {
        Var value = pass.tape().watchedVar(parameter);
        if (value != null) {
          weights.put(value, parameter);
        }
      }
    }
  }

  /** Scopes are made of the modules' own names, which a shared module keeps in every place. */
  private void collect(Module module, String scope, String path) {
    modules.put(scope, module);
    paths.putIfAbsent(scope, path);
    module
        .children()
        .forEach((name, child) -> collect(child, joined(scope, child.name()), joined(path, name)));
  }

  private static String joined(String path, String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  private void read(Call call, Set<Var> data) {
    boolean fromData = false;
    for (int i = 0; i < call.inputCount(); i++) {
      if (call.input(i) != null && data.contains(call.input(i))) {
        fromData = true;
        readers.computeIfAbsent(call.input(i), key -> new ArrayList<>()).add(call);
      }
    }
    if (fromData) {
      data.add(call.output());
      dataCalls.add(call);
    }
  }

  /**
   * Returns the points of a model in the order in which it runs, its input first; a module that
   * runs twice has one.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static List<Point> of(Module model, Shape sampleShape) {
    return new QuantizationPoints(model, sampleShape).points();
  }

  /**
   * Returns the layers whose weight is summed over, each once, in the order in which they run:
   * convolutions and linear layers.
   *
   * @param sampleShape the shape of one sample, without the batch axis
   */
  public static List<Layer> layers(Module model, Shape sampleShape) {
    QuantizationPoints read = new QuantizationPoints(model, sampleShape);
    Map<Module, Layer> layers = new LinkedHashMap<>();
    for (Call call : read.dataCalls) {
      Parameter weight = call.inputCount() > 1 ? read.weights.get(call.input(1)) : null;
      if (weight != null && sums(call)) {
        String scope = call.scope().replaceAll(CALL, "");
        Module module = read.module(call);
        layers.putIfAbsent(module, new Layer(read.paths.get(scope), module, weight));
      }
    }
    return List.copyOf(layers.values());
  }

  private static boolean sums(Call call) {
    return call.op().cost(call.axes()).macs() > 0;
  }

  private Module module(Call call) {
    Module module = modules.get(call.scope().replaceAll(CALL, ""));
    if (module == null) {
      throw new IllegalArgumentException(
          "quantization points: no module stands at '%s'".formatted(call.scope()));
    }
    return module;
  }

  private List<Point> points() {
    Map<Module, List<Call>> ends = new LinkedHashMap<>();
    for (Call call : dataCalls) {
      if (!worksOnCodes(call.op()) && !absorbed.contains(call)) {
        Call last = end(call);
        Module module = module(last);
        requireLeaves(last, module);
        ends.computeIfAbsent(module, key -> new ArrayList<>()).add(last);
      }
    }
    List<Point> found = new ArrayList<>();
    found.add(new Point("", model, true, false, List.of()));
    ends.forEach((module, calls) -> found.add(point(module, calls)));
    return found;
  }

  private Point point(Module module, List<Call> calls) {
    String path = paths.get(calls.get(0).scope().replaceAll(CALL, ""));
    boolean isModelOutput = calls.stream().anyMatch(call -> call.output() == output);
    return new Point(
        path, module, false, isModelOutput, calls.stream().map(Call::scope).distinct().toList());
  }

  /** Refuses a value that lives inside a module: a port does not see it. */
  private void requireLeaves(Call last, Module module) {
    for (Call reader : readers.getOrDefault(last.output(), List.of())) {
      if (module(reader) == module && !reader.scope().contains("#")) {
        throw new IllegalArgumentException(
            "quantization points: %s makes '%s' and reads it again; only what enters or leaves a module can be quantised, so split it into modules"
                .formatted(last.scope(), last.op().name()));
      }
    }
  }

  /** Returns the last call that goes into the same integer layer. */
  private Call end(Call first) {
    Call last = first;
    Call next = only(last);
    if (next != null && sums(first) && next.op() instanceof Scale) {
      absorbed.add(next);
      last = next;
      next = only(last);
    }
    if (next != null && next.op() instanceof Pointwise pointwise && clamps(pointwise)) {
      absorbed.add(next);
      last = next;
    }
    return last;
  }

  /** Returns the only reader of what a call made, null where there are others or the model's. */
  private Call only(Call call) {
    List<Call> found = readers.getOrDefault(call.output(), List.of());
    return found.size() == 1 && call.output() != output ? found.get(0) : null;
  }

  private static boolean clamps(Pointwise pointwise) {
    return switch (pointwise.unary()) {
      case RELU, HARD_TANH, CLAMP -> true;
      default -> false;
    };
  }

  private static boolean worksOnCodes(Op op) {
    return op instanceof MaxPool
        || op instanceof Rearrange
        || op instanceof Pad
        || op instanceof Gather
        || op instanceof Scatter
        || op instanceof Slice
        || op instanceof FakeQuantizeOp
        || selects(op)
        || (op instanceof Interpolate resized && resized.mode() == Interpolate.Mode.NEAREST)
        || (op instanceof Pointwise pointwise && clamps(pointwise));
  }

  /** Tells whether an average is one over single numbers, which only leaves some out. */
  private static boolean selects(Op op) {
    return op instanceof AveragePool pool
        && pool.width().length() == 1
        && (pool.dimensions() == 1 || pool.height().length() == 1)
        && !pool.name().startsWith("adaptive");
  }
}
