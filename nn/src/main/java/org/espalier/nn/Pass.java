package org.espalier.nn;

import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Is one walk of a batch through a model: mode, tape, workspace, randomness, scopes and the
 * parameters' values. Belongs to one thread; many infer passes may share a model. Closing it gives
 * all memory back and detaches every tensor it handed out; forgetting to costs speed only.
 */
public final class Pass implements AutoCloseable {
  /**
   * The key under which a walk reports the gradient of a parameter's effective value.
   *
   * @param parameter the parameter
   */
  public record EffectiveValue(Parameter parameter) {}

  /** The number that a path gets at a module's second call. */
  private static final String CALL = "#\\d+";

  private final Tape tape;
  private final Random random;
  private final Map<Parameter, Var> values = new IdentityHashMap<>();
  private final Map<String, Long> draws = new HashMap<>();
  private final Map<String, Var> observed = new HashMap<>();
  private int depth;

  private Pass(Mode mode, Workspace workspace, Random random) {
    this.tape = Tape.open(mode, workspace);
    this.random = random;
  }

  /** Opens a pass that trains: batch statistics, drawn masks, everything a gradient needs. */
  public static Pass train(Workspace workspace, Random random) {
    return new Pass(Mode.TRAIN, workspace, random);
  }

  /**
   * Opens a pass that infers: frozen statistics, nothing recorded, each value freed after its last
   * reader.
   */
  public static Pass infer(Workspace workspace) {
    return new Pass(Mode.INFER, workspace, null);
  }

  /**
   * Opens a pass that infers and records everything, on plain arrays that live as long as someone
   * holds the tape.
   */
  public static Pass study() {
    return new Pass(Mode.STUDY, Workspace.heap(), null);
  }

  /**
   * Opens a pass that computes no number: shapes, cost and coupling of any model in milliseconds.
   */
  public static Pass shapes() {
    return new Pass(Mode.SHAPES, Workspace.heap(), null);
  }

  /** Returns what this pass is for. */
  public Mode mode() {
    return tape.mode();
  }

  /** Returns the tape. */
  public Tape tape() {
    return tape;
  }

  /** Puts a batch on the tape. */
  public Var input(Tensor x) {
    return tape.mode().computes() ? tape.constant(x) : tape.input(x.dtype(), x.shape(), false);
  }

  /** Puts a batch on the tape whose gradient or relevance is wanted. */
  public Var inputWithGradient(Tensor x) {
    return tape.input(x, true);
  }

  /** Puts a float32 shape on the tape of a shape pass. */
  public Var input(Shape shape) {
    return tape.input(DType.F32, shape, false);
  }

  /**
   * Returns a parameter's effective value, made once a pass: raw value, then its parametrizations.
   */
  public Var value(Parameter parameter) {
    Var known = values.get(parameter);
    if (known == null) {
      known = materialize(parameter);
      values.put(parameter, known);
    }
    return known;
  }

  /** Returns the value of a parameter that may be absent: null for null. */
  public Var valueOrNull(Parameter parameter) {
    return parameter == null ? null : value(parameter);
  }

  private Var materialize(Parameter parameter) {
    if (tape.mode() == Mode.INFER) {
      return tape.constant(parameter.value());
    }
    if (!tape.mode().computes()) {
      // Numbers of channels are structure: gather and scatter couple by them.
      Var shape =
          parameter.dtype().isFloating()
              ? tape.input(parameter.dtype(), parameter.shape(), parameter.isTrainable())
              : tape.constant(parameter.raw());
      tape.watch(parameter, shape);
      tape.watch(new EffectiveValue(parameter), shape);
      return shape;
    }
    Var value = tape.input(parameter.raw(), parameter.isTrainable());
    tape.watch(parameter, value);
    for (Parametrization parametrization : parameter.parametrizations()) {
      value = parametrization.apply(this, value);
    }
    tape.watch(new EffectiveValue(parameter), value);
    return value;
  }

  /**
   * Returns a key of its own for each call, from a stream named by purpose, such as {@code
   * dropout}.
   */
  public long randomKey(String purpose) {
    if (random == null) {
      throw new StateException(
          "only a training pass draws random numbers, and '"
              + purpose
              + "' was asked in "
              + mode());
    }
    long draw = draws.merge(purpose, 1L, Long::sum);
    return random.stream(purpose).at(draw).key();
  }

  /**
   * Says that the maker of a value has no further use for it; recorded calls keep what they need.
   */
  public void release(Var value) {
    tape.release(value);
  }

  /**
   * Asks for what the module at a path will give, to be read by {@link #observed} when the model
   * has run: it is kept until this pass closes, and fused with nothing behind it. The second call
   * of a shared module has the path {@code conv#2}.
   */
  public void observe(String path) {
    observed.put(path, null);
  }

  /**
   * Returns what the module at a path gave.
   *
   * @throws IllegalArgumentException if that was not asked for, or no module of this path has run
   */
  public Var observed(String path) {
    Var output = observed.get(path);
    if (output == null) {
      throw new IllegalArgumentException(
          observed.containsKey(path)
              ? "pass: no module ran at '" + path + "'"
              : "pass: '" + path + "' is not observed, " + observed.keySet() + " are");
    }
    return output;
  }

  /** Tells whether someone asked for what a child of the present scope gives, at any call. */
  boolean observes(String child) {
    if (observed.isEmpty()) {
      return false;
    }
    String scope = tape.scope();
    String path = (scope.isEmpty() ? child : scope + "." + child).replaceAll(CALL, "");
    return observed.keySet().stream().anyMatch(asked -> asked.replaceAll(CALL, "").equals(path));
  }

  /** Takes the output of the module in whose scope the pass is. */
  void made(Var output) {
    if (observed.containsKey(tape.scope())) {
      tape.hold(output);
      observed.put(tape.scope(), output);
    }
  }

  boolean isOutermost() {
    return depth == 0;
  }

  void enter(String name) {
    depth++;
    tape.enter(name);
  }

  void leave() {
    depth--;
    tape.leave();
  }

  /** Gives all memory back and detaches every tensor this pass handed out. */
  @Override
  public void close() {
    tape.close();
  }
}
