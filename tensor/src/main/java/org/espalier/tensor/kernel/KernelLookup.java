package org.espalier.tensor.kernel;

import java.util.Optional;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.espalier.tensor.DType;
import org.espalier.tensor.DTypeException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Chooses the kernel set of the process, once, at first use.
 *
 * <p>F64 is always served by the reference set. F32 is served by the vector set where the Vector
 * API is there, compiled and right (a self-check against the scalar set), else by the scalar set,
 * with one line in the log that says why and what to add. {@code
 * -Despalier.kernels=scalar|vector|reference} forces a set; one that is forced and cannot work is
 * an error at first use, never replaced.
 *
 * <p>Cold vector code costs the better part of a second, so an unforced choice of the vector set is
 * put off until there is work for it; the first small products run on plain loops that compute the
 * same bits, see {@link LateKernels}.
 *
 * <p>Kernel sets are reached by class name: this package imports none of them, and the vector
 * classes must not be loaded before the {@linkplain VectorGate gate} has opened.
 */
public final class KernelLookup {
  private static final String PROPERTY = "espalier.kernels";
  private static final String PACKAGE = "org.espalier.tensor.internal.";
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  /** The set that a test forced in this thread. */
  private static final ThreadLocal<Kernels> FORCED = new ThreadLocal<>();

  private KernelLookup() {}

  /**
   * A kernel set and why it was chosen; or null and why there is none.
   *
   * @param kernels the set, or null
   * @param reason what spoke for the set, or against it and the way out
   */
  private record Choice(Kernels kernels, String reason) {
    Kernels orThrow() {
      if (kernels == null) {
        throw new StateException("kernels: " + reason);
      }
      return kernels;
    }
  }

  /** Returns the kernels for tensors of this type. */
  public static Kernels of(DType dtype) {
    if (dtype == DType.F64) {
      return Reference.KERNELS;
    }
    if (dtype != DType.F32) {
      throw new DTypeException(
          "kernels: no arithmetic on " + dtype + ", expected F32 or F64; convert with to(F32)");
    }
    Kernels forced = FORCED.get();
    return forced != null ? forced : Chosen.CHOICE.orThrow();
  }

  /** Returns the kernels for I8 codes, those of the set that serves F32. */
  public static IntegerKernels integers() {
    return of(DType.F32).integers();
  }

  /** Returns the kernels for tensors like this one. */
  public static Kernels of(Tensor tensor) {
    return of(tensor.dtype());
  }

  /**
   * Returns the set named {@code scalar}, {@code vector} or {@code reference}, whatever the process
   * uses.
   *
   * @throws StateException if the set cannot work in this JVM; the message says what to add
   */
  public static Kernels named(String name) {
    return find(name).orThrow();
  }

  /** Returns the name of the set that serves F32 in this process, and why it was chosen. */
  public static String describe() {
    Choice choice = Chosen.CHOICE.kernels() instanceof LateKernels ? Checked.CHOICE : Chosen.CHOICE;
    String name = choice.kernels() == null ? "none" : choice.kernels().name();
    return name + ": " + choice.reason();
  }

  /**
   * Runs a task with another set for F32 in this thread; for tests and proofs that compare sets in
   * one JVM.
   */
  public static void using(Kernels kernels, Runnable task) {
    Kernels before = FORCED.get();
    FORCED.set(kernels);
    try {
      task.run();
    } finally {
      if (before == null) {
        FORCED.remove();
      } else {
        FORCED.set(before);
      }
    }
  }

  /** Runs a task with the {@linkplain #named named} set for F32 in this thread. */
  public static void using(String name, Runnable task) {
    using(named(name), task);
  }

  private static Choice find(String name) {
    return switch (name) {
      case "scalar" -> new Choice(Scalar.KERNELS, "asked for by name");
      case "reference" -> new Choice(Reference.KERNELS, "asked for by name");
      case "vector" -> Vector.CHOICE;
      default ->
          throw new IllegalArgumentException(
              "kernels: no set is named '" + name + "', expected scalar, vector or reference");
    };
  }

  private static Choice choose() {
    String name = System.getProperty(PROPERTY, "");
    if (!name.isEmpty()) {
      return forced(name);
    }
    if (vectorModule().isEmpty()) {
      return new Choice(new LateKernels(new EarlyProduct(false), new Later()), "no Vector API");
    }
    if (VectorGate.isLikelyToOpen()) {
      return new Choice(new LateKernels(new EarlyProduct(true), new Later()), "not yet checked");
    }
    return Checked.CHOICE;
  }

  private static Choice vectorElseScalar() {
    Choice vector = Vector.CHOICE;
    if (vector.kernels() != null) {
      return vector;
    }
    System.getLogger(KernelLookup.class.getPackageName())
        .log(
            System.Logger.Level.WARNING,
            "Espalier computes with plain loops, several times slower than with vectors: "
                + vector.reason());
    return new Choice(Scalar.KERNELS, vector.reason());
  }

  private static Choice forced(String name) {
    String flag = "-D" + PROPERTY + "=" + name;
    try {
      Choice choice = find(name);
      return choice.kernels() == null
          ? new Choice(null, flag + " cannot be met: " + choice.reason())
          : new Choice(choice.kernels(), "forced by " + flag);
    } catch (IllegalArgumentException unknown) {
      return new Choice(null, flag + " names no set, expected scalar, vector or reference");
    }
  }

  private static Choice vector() {
    Module vectorModule = vectorModule().orElse(null);
    VectorGate gate = VectorGate.ofThisJvm(vectorModule != null);
    Optional<String> objection = gate.objection();
    if (objection.isPresent()) {
      return new Choice(null, objection.get());
    }
    // module-info does not name the incubator module (every dependent would be warned of it), so
    // the arrow is drawn here; a no-op on the class path.
    KernelLookup.class.getModule().addReads(vectorModule);
    try {
      int bits = load("VectorWidth", IntSupplier.class).getAsInt();
      objection = gate.objection(bits);
      if (objection.isPresent()) {
        return new Choice(null, objection.get());
      }
      Kernels kernels = load("VectorKernels", Kernels.class);
      return selfCheck(kernels)
          .map(failure -> new Choice(null, failure))
          .orElseGet(() -> new Choice(kernels, bits + "-bit vectors, checked against scalar"));
    } catch (LinkageError | RuntimeException failure) {
      return new Choice(null, "the vector kernels do not load here: " + failure);
    }
  }

  /** Returns the Vector API's module if it is in the layer of this class or in the boot layer. */
  private static Optional<Module> vectorModule() {
    ModuleLayer layer = KernelLookup.class.getModule().getLayer();
    return (layer == null ? ModuleLayer.boot() : layer).findModule(VECTOR_MODULE);
  }

  /** Compares a small product and a few exponentials with the scalar set. */
  private static Optional<String> selfCheck(Kernels kernels) {
    int length = 67;
    Tensor x = Tensor.zeros(length);
    for (int i = 0; i < length; i++) {
      x.set(i, Math.sin(i));
    }
    Tensor expected = Tensor.zeros(length + 1);
    Tensor actual = Tensor.zeros(length + 1);
    check(Scalar.KERNELS, x, expected);
    check(kernels, x, actual);
    for (int i = 0; i <= length; i++) {
      double error = Math.abs(expected.get(i) - actual.get(i));
      if (!(error <= 1e-5 * Math.abs(expected.get(i)))) {
        return Optional.of(
            "the vector kernels computed "
                + actual.get(i)
                + " for "
                + expected.get(i)
                + " on this JVM; please report it with the output of java -version");
      }
    }
    return Optional.empty();
  }

  private static void check(Kernels kernels, Tensor x, Tensor result) {
    int length = x.count();
    Tensor values = Tensor.zeros(length);
    kernels.unary(Unary.EXP, 0, 0, x, values);
    Tensor product = Tensor.zeros(DType.F32, Shape.of(1));
    kernels.gemm(false, true, 1, 1, length, x, values, null, false, product);
    for (int i = 0; i < length; i++) {
      result.set(i, values.get(i));
    }
    result.set(length, product.get(0));
  }

  private static <T> T load(String simpleName, Class<T> type) {
    try {
      return type.cast(
          Class.forName(PACKAGE.concat(simpleName)).getDeclaredConstructor().newInstance());
    } catch (ReflectiveOperationException failure) {
      throw new LinkageError("kernels: " + simpleName + " cannot be loaded", failure);
    }
  }

  /** Chosen when first asked for. */
  private static final class Chosen {
    static final Choice CHOICE = choose();
  }

  /** Chosen when there is work for the vector set, if it can work here. */
  private static final class Checked {
    static final Choice CHOICE = vectorElseScalar();
  }

  /** Makes the choice that was put off; no lambda, whose first costs ten milliseconds at start. */
  private static final class Later implements Supplier<Kernels> {
    @Override
    public Kernels get() {
      return Checked.CHOICE.kernels();
    }
  }

  private static final class Vector {
    static final Choice CHOICE = vector();
  }

  private static final class Scalar {
    static final Kernels KERNELS = load("ScalarKernels", Kernels.class);
  }

  private static final class Reference {
    static final Kernels KERNELS = load("ReferenceKernels", Kernels.class);
  }
}
