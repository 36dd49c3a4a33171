package org.espalier.nn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.espalier.autograd.Var;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.kernel.Clamp;

/**
 * Owns named parameters and children and says how a value flows through them. Mode, randomness and
 * memory are in the {@link Pass}, never here; sizes are those of the tensors.
 */
public abstract class Module {
  static final String INPUT = "input";
  static final String OUTPUT = "output";

  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<String, Parameter> own = new LinkedHashMap<>();
  private final Port input = new Port(INPUT);
  private final Port output = new Port(OUTPUT);
  private String name = "";

  /** Creates a module without children or parameters; constructors of subclasses declare them. */
  protected Module() {}

  /** Computes the output for one input; children are called by {@link #apply}. */
  protected abstract Var forward(Pass pass, Var x);

  /** Returns the interval that this module clamps to and does nothing else, or null. */
  protected Clamp clamp() {
    return null;
  }

  /** Returns the interval that the first of some modules clamps to, null where it does not. */
  protected static Clamp clampOf(List<Module> modules) {
    return modules.isEmpty() ? null : modules.get(0).clamp();
  }

  /**
   * Returns how many of the modules behind this one {@link #forwardFused} computes in the same
   * call; a {@link Sequential} asks. Only in passes whose calls nobody reads but the gradient.
   *
   * @param behind the modules that follow, nearest first; may be empty
   */
  protected int fuses(Pass pass, List<Module> behind) {
    return 0;
  }

  /** Computes what this module and then those that it fuses with would have computed. */
  protected Var forwardFused(Pass pass, Var x, List<Module> fused) {
    throw new StateException(name + ": fuses with no other module");
  }

  /**
   * Returns this module's type and options as data; children and parametrizations are added by
   * {@link #spec()}.
   */
  protected abstract Spec describe();

  /**
   * Runs this module in a scope of its name. A model without values is initialised first, from seed
   * 0.
   */
  public final Var apply(Pass pass, Var x) {
    if (pass.isOutermost() && pass.mode().computes() && !isInitialized()) {
      initialize(0);
    }
    return scoped(pass, x, List.of());
  }

  /** Runs this module and those it fuses with, in the scope of this one's name. */
  final Var applyFused(Pass pass, Var x, List<Module> fused) {
    return scoped(pass, x, fused);
  }

  private Var scoped(Pass pass, Var x, List<Module> fused) {
    Port last = fused.isEmpty() ? output : fused.get(fused.size() - 1).output;
    pass.enter(name);
    try {
      Var entered = input.apply(pass, x);
      Var made = fused.isEmpty() ? forward(pass, entered) : forwardFused(pass, entered, fused);
      if (entered != x && entered != made) {
        pass.release(entered);
      }
      Var left = last.apply(pass, made);
      if (left != made && made != x) {
        pass.release(made);
      }
      pass.made(left);
      return left;
    } finally {
      pass.leave();
    }
  }

  /**
   * Returns those of the modules behind this one that may be computed in the same call: none behind
   * a port that transforms.
   */
  final List<Module> fusible(List<Module> behind) {
    int count = 0;
    Module last = this;
    while (count < behind.size() && last.output.isEmpty() && behind.get(count).input.isEmpty()) {
      last = behind.get(count++);
    }
    return behind.subList(0, count);
  }

  /** Returns where values enter, to transform them before this module sees them. */
  public final Port input() {
    return input;
  }

  /** Returns where values leave, to transform them before anybody else sees them. */
  public final Port output() {
    return output;
  }

  /** Returns the port of a name in specs, or null. */
  final Port port(String portName) {
    return portName.equals(INPUT) ? input : portName.equals(OUTPUT) ? output : null;
  }

  /** Declares a trainable parameter; called by constructors. */
  protected final Parameter parameter(String localName, Shape shape, Init init) {
    return declare(localName, new Parameter(localName, DType.F32, shape, init, false));
  }

  /** Declares a floating buffer: state without gradient. */
  protected final Parameter buffer(String localName, Shape shape, Init init) {
    return declare(localName, new Parameter(localName, DType.F32, shape, init, true));
  }

  /** Declares a parameter or buffer that exists already. */
  protected final Parameter declare(String localName, Parameter parameter) {
    checkName(localName, own);
    if (port(localName) != null) {
      throw new IllegalArgumentException(
          "name '" + localName + "' stands for a port of the module; name the parameter otherwise");
    }
    own.put(localName, parameter);
    return parameter;
  }

  /**
   * Declares a child; called by constructors. The same module may be declared twice: it then shares
   * its parameters.
   */
  protected final <M extends Module> M child(String localName, M module) {
    checkName(localName, children);
    children.put(localName, module);
    if (module.name().isEmpty()) {
      ((Module) module).name = localName;
    }
    return module;
  }

  /** Puts another module in a child's place. */
  protected final void replaceChild(String localName, Module module) {
    if (children.replace(localName, module) == null) {
      throw new IllegalArgumentException("no child '" + localName + "', got " + children.keySet());
    }
    module.name = localName;
  }

  /** Takes a child away. */
  protected final void removeChild(String localName) {
    if (children.remove(localName) == null) {
      throw new IllegalArgumentException("no child '" + localName + "', got " + children.keySet());
    }
  }

  private static void checkName(String localName, Map<String, ?> known) {
    if (localName.isEmpty() || localName.contains(".") || known.containsKey(localName)) {
      throw new IllegalArgumentException(
          "name '"
              + localName
              + "' must be non-empty, without dots and not taken ("
              + known.keySet()
              + ")");
    }
  }

  /** Returns the local name given by the parent, empty at the top. */
  public final String name() {
    return name;
  }

  /** Returns the children by local name, in order. */
  public final Map<String, Module> children() {
    return Collections.unmodifiableMap(children);
  }

  /** Returns the parameters and buffers declared by this module itself. */
  public final Map<String, Parameter> ownParameters() {
    return Collections.unmodifiableMap(own);
  }

  /** Returns all modules below (this one under the empty path), each once, by dotted path. */
  public final Map<String, Module> modules() {
    Map<String, Module> found = new LinkedHashMap<>();
    IdentityHashMap<Module, String> seen = new IdentityHashMap<>();
    walk(
        "",
        (path, module) -> {
          if (seen.putIfAbsent(module, path) == null) {
            found.put(path, module);
          }
        });
    return found;
  }

  private void walk(String path, BiConsumer<String, Module> visitor) {
    visitor.accept(path, this);
    children.forEach((childName, child) -> child.walk(join(path, childName), visitor));
  }

  private static String join(String path, String localName) {
    return path.isEmpty() ? localName : path + "." + localName;
  }

  /**
   * Returns all parameters and buffers by dotted path, each once (a shared one under its first
   * path), those of parametrizations included; parameters learn their paths for messages.
   */
  public final Map<String, Parameter> state() {
    Map<String, Parameter> found = new LinkedHashMap<>();
    Set<Parameter> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    modules()
        .forEach(
            (path, module) -> {
              module.own.forEach(
                  (localName, parameter) -> collect(join(path, localName), parameter, seen, found));
              collect(join(path, INPUT), module.input.parametrizations(), seen, found);
              collect(join(path, OUTPUT), module.output.parametrizations(), seen, found);
            });
    found.forEach((path, parameter) -> parameter.rename(path));
    return found;
  }

  private static void collect(
      String path, Parameter parameter, Set<Parameter> seen, Map<String, Parameter> found) {
    if (!seen.add(parameter)) {
      return;
    }
    if (found.put(path, parameter) != null) {
      throw new StateException("two parameters are named " + path + "; rename one of them");
    }
    collect(path, parameter.parametrizations(), seen, found);
  }

  private static void collect(
      String path,
      List<Parametrization> parametrizations,
      Set<Parameter> seen,
      Map<String, Parameter> found) {
    for (Parametrization parametrization : parametrizations) {
      String prefix = path + "." + parametrization.spec().type() + ".";
      parametrization
          .parameters()
          .forEach((localName, inner) -> collect(prefix + localName, inner, seen, found));
    }
  }

  /** Tells whether every parameter and buffer has a value. */
  public final boolean isInitialized() {
    for (Parameter parameter : own.values()) {
      if (!parameter.isComplete()) {
        return false;
      }
    }
    if (!Parameter.isComplete(input.parametrizations())
        || !Parameter.isComplete(output.parametrizations())) {
      return false;
    }
    for (Module child : children.values()) {
      if (!child.isInitialized()) {
        return false;
      }
    }
    return true;
  }

  /** Returns the parameters that are not buffers. */
  public final List<Parameter> parameters() {
    return state().values().stream().filter(parameter -> !parameter.isBuffer()).toList();
  }

  /** Returns the parameter or buffer at a path. */
  public final Parameter parameter(String path) {
    Map<String, Parameter> state = state();
    Parameter found = state.get(path);
    if (found == null) {
      throw new IllegalArgumentException(
          "no parameter '" + path + "', there are " + state.keySet());
    }
    return found;
  }

  /**
   * Draws all values that are missing, each from the stream {@code init} named by its path; returns
   * this module.
   */
  public final Module initialize(long seed) {
    Map<String, Parameter> missing = new LinkedHashMap<>();
    state()
        .forEach(
            (path, parameter) -> {
              if (!parameter.isInitialized()) {
                missing.put(path, parameter);
              }
            });
    Random init = Random.of(seed).stream("init");
    missing.forEach((path, parameter) -> parameter.initialize(init.stream(path)));
    return this;
  }

  /** Converts all floating values, for proofs in F64; returns this module. */
  public final Module convert(DType dtype) {
    state().values().forEach(parameter -> parameter.convert(dtype));
    return this;
  }

  /**
   * Returns the layers in the order in which they run, with shapes, parameters and
   * multiply-accumulates; print it.
   *
   * @param sample sizes of one sample without the batch axis, such as {@code 32, 32, 3}
   */
  public final Summary summary(int... sample) {
    return Summary.of(this, Shape.of(sample));
  }

  /**
   * Returns the architecture as data, enough for {@link ModuleTypes} to build it again around the
   * saved tensors.
   */
  public final Spec spec() {
    return spec("", new IdentityHashMap<>());
  }

  private Spec spec(String path, IdentityHashMap<Module, String> seen) {
    String before = seen.putIfAbsent(this, path);
    if (before != null) {
      return Spec.of(ModuleTypes.SHARED).with("path", before);
    }
    Spec described = describe();
    Map<String, Spec> below = new LinkedHashMap<>();
    children.forEach(
        (childName, child) -> below.put(childName, child.spec(join(path, childName), seen)));
    Map<String, List<Spec>> attached = new LinkedHashMap<>();
    own.forEach(
        (localName, parameter) -> describe(localName, parameter.parametrizations(), attached));
    describe(INPUT, input.parametrizations(), attached);
    describe(OUTPUT, output.parametrizations(), attached);
    return new Spec(described.type(), described.options(), below, attached);
  }

  private static void describe(
      String localName, List<Parametrization> parametrizations, Map<String, List<Spec>> attached) {
    if (!parametrizations.isEmpty()) {
      attached.put(
          localName,
          new ArrayList<>(parametrizations.stream().map(Parametrization::spec).toList()));
    }
  }
}
