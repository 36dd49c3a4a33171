package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight one of {@code 2^k} values (DoReFa-Net; Zhou et al. 2016; resource-efficiency
 * survey, Q5), with {@code quantize_k(r) = round(r·(2^k - 1))/(2^k - 1)}.
 *
 * <pre>
 * k = 1:  y = sign(w)·E, E = mean |w|;  dw = dy
 * k > 1:  t = tanh(w), y = 2·quantize_k(t/(2·max|t|) + 1/2) - 1
 * </pre>
 *
 * <p>The gradient goes straight through the rounding and then through tanh and {@code max|t|}, as
 * in the released graph: all of the latter to its first position. Weights that are all 0 stay 0.
 */
public final class DoReFaWeight implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "dorefa_weight";

  private final int bits;
  private final boolean constantMaximum;

  /**
   * Creates the parametrization.
   *
   * @param bits k, 1 to 16
   * @param constantMaximum whether {@code max|t|} gets no gradient
   */
  public DoReFaWeight(int bits, boolean constantMaximum) {
    this.bits = Levels.checked("dorefa", bits);
    this.constantMaximum = constantMaximum;
  }

  static DoReFaWeight of(Spec spec) {
    return new DoReFaWeight(spec.integer("bits"), spec.flag("constant_maximum"));
  }

  /** Takes the sign times the mean magnitude. */
  private record MeanSign() implements Elementary {
    @Override
    public String name() {
      return "dorefa_sign";
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      double sum = 0;
      for (int i = 0; i < x.count(); i++) {
        sum += Math.abs(x.get(i));
      }
      double mean = x.count() == 0 ? 0 : sum / x.count();
      for (int i = 0; i < x.count(); i++) {
        y.set(i, Sign.of(x.get(i)) * mean);
      }
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      dx.copyFrom(dy);
    }
  }

  /**
   * Rounds tanh.
   *
   * @param bits k
   * @param constantMaximum whether the maximum gets no gradient
   */
  private record RoundedTanh(int bits, boolean constantMaximum) implements Elementary {
    @Override
    public String name() {
      return "dorefa_tanh";
    }

    private static int first(Tensor x) {
      int first = 0;
      for (int i = 1; i < x.count(); i++) {
        first = Math.abs(x.get(i)) > Math.abs(x.get(first)) ? i : first;
      }
      return first;
    }

    private static double maximum(Tensor x) {
      return x.count() == 0 ? 0 : Math.abs(Math.tanh(x.get(first(x))));
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      double maximum = maximum(x);
      for (int i = 0; i < x.count(); i++) {
        double r = Math.tanh(x.get(i)) / (2 * maximum) + 0.5;
        y.set(i, maximum == 0 ? 0 : 2 * Levels.round(r, bits) - 1);
      }
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      double maximum = maximum(x);
      if (maximum == 0) {
        dx.copyFrom(dy);
        return;
      }
      double sum = 0;
      for (int i = 0; i < x.count(); i++) {
        double t = Math.tanh(x.get(i));
        sum += dy.get(i) * t;
        dx.set(i, dy.get(i) / maximum * (1 - t * t));
      }
      if (!constantMaximum) {
        int at = first(x);
        double t = Math.tanh(x.get(at));
        double through = -sum / (maximum * maximum) * Math.signum(t) * (1 - t * t);
        dx.set(at, dy.get(at) / maximum * (1 - t * t) + through);
      }
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(bits == 1 ? new MeanSign() : new RoundedTanh(bits, constantMaximum), raw);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("bits", bits).with("constant_maximum", constantMaximum);
  }
}
