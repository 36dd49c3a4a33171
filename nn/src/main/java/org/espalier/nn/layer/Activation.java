package org.espalier.nn.layer;

import java.util.Locale;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.Unary;

/**
 * Applies an elementwise function of the operations' list (layers reference, section 6); {@link
 * PRelu} has a parameter and is a class of its own.
 */
public final class Activation extends Module {
  static final String TYPE = "activation";
  private static final String FUNCTION = "function";

  private final Unary function;
  private final double a;
  private final double b;

  /**
   * Creates the module.
   *
   * @param a the function's first number, 0 where it has none
   * @param b the function's second number, 0 where it has none
   */
  public Activation(Unary function, double a, double b) {
    this.function = function;
    this.a = a;
    this.b = b;
  }

  static Activation create(Spec spec) {
    String name = spec.text(FUNCTION);
    try {
      return new Activation(
          Unary.valueOf(name.toUpperCase(Locale.ROOT)), spec.number("a"), spec.number("b"));
    } catch (IllegalArgumentException e) {
      throw new FormatException("model: unknown activation '" + name + "'", e);
    }
  }

  /** Returns {@code max(x, 0)}. */
  public static Activation relu() {
    return new Activation(Unary.RELU, 0, 0);
  }

  /**
   * Returns the interval this clamps to, null where it does something else, where float32 does not
   * hold the bounds, or where it is no rectifier in training although it looks like one.
   */
  @Override
  protected Clamp clamp() {
    return switch (function) {
      case RELU -> Clamp.RELU;
      case HARD_TANH -> interval();
      // The derivative of this one at 0 is 1, that of a rectifier 0.
      case CLAMP -> Clamp.RELU.equals(interval()) ? null : interval();
      default -> null;
    };
  }

  /**
   * Tells whether this clamps to an interval without negative values: a rectifier, capped or not.
   */
  public boolean isRectifier() {
    return switch (function) {
      case RELU -> true;
      case HARD_TANH, CLAMP -> a >= 0;
      default -> false;
    };
  }

  private Clamp interval() {
    boolean exact = (float) a == a && (float) b == b;
    return exact && a <= b ? new Clamp((float) a, (float) b) : null;
  }

  /** Returns {@code min(max(x, 0), 6)}. */
  public static Activation relu6() {
    return hardTanh(0, 6);
  }

  /** Returns {@code x > 0: x, else slope·x}; PyTorch's default slope is 0.01. */
  public static Activation leakyRelu(double slope) {
    return new Activation(Unary.LEAKY_RELU, slope, 0);
  }

  /** Returns {@code x > 0: x, else alpha·(e^x - 1)}. */
  public static Activation elu(double alpha) {
    return new Activation(Unary.ELU, alpha, 0);
  }

  /** Returns the self-normalising ELU. */
  public static Activation selu() {
    return new Activation(Unary.SELU, 0, 0);
  }

  /** Returns {@code x·Φ(x)}. */
  public static Activation gelu() {
    return new Activation(Unary.GELU, 0, 0);
  }

  /** Returns the tanh form of GELU. */
  public static Activation geluTanh() {
    return new Activation(Unary.GELU_TANH, 0, 0);
  }

  /** Returns {@code ln(1 + e^{beta·x})/beta}, x above the threshold. */
  public static Activation softplus(double beta, double threshold) {
    return new Activation(Unary.SOFTPLUS, Checks.positive("softplus", "beta", beta), threshold);
  }

  /** Returns {@code min(max(x + 3, 0), 6)/6}. */
  public static Activation hardSigmoid() {
    return new Activation(Unary.HARD_SIGMOID, 0, 0);
  }

  /** Returns {@code x·hard_sigmoid(x)}. */
  public static Activation hardSwish() {
    return new Activation(Unary.HARD_SWISH, 0, 0);
  }

  /** Returns {@code min(max(x, low), high)} with derivative 0 at both bounds. */
  public static Activation hardTanh(double low, double high) {
    return new Activation(Unary.HARD_TANH, low, high);
  }

  /** Returns {@code min(max(x, low), high)} with derivative 1 at both bounds. */
  public static Activation clamp(double low, double high) {
    return new Activation(Unary.CLAMP, low, high);
  }

  /** Returns {@code 1/(1 + e^-x)}. */
  public static Activation sigmoid() {
    return new Activation(Unary.SIGMOID, 0, 0);
  }

  /** Returns the hyperbolic tangent. */
  public static Activation tanh() {
    return new Activation(Unary.TANH, 0, 0);
  }

  /** Returns {@code x·sigmoid(x)}, also called swish. */
  public static Activation silu() {
    return new Activation(Unary.SILU, 0, 0);
  }

  /** Returns {@code x/(1 + |x|)}. */
  public static Activation softsign() {
    return new Activation(Unary.SOFTSIGN, 0, 0);
  }

  /** Returns {@code ln sigmoid(x)}. */
  public static Activation logSigmoid() {
    return new Activation(Unary.LOG_SIGMOID, 0, 0);
  }

  /** Returns the function. */
  public Unary function() {
    return function;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return Ops.pointwise(function, a, b, x);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE)
        .with(FUNCTION, function.name().toLowerCase(Locale.ROOT))
        .with("a", a)
        .with("b", b);
  }
}
