package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

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

  private static final int TANH_GRAIN = 1 << 12;

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
   * Rounds tanh; the tanh itself is saved for the gradient, in full precision.
   *
   * @param bits k
   * @param constantMaximum whether the maximum gets no gradient
   */
  private record RoundedTanh(int bits, boolean constantMaximum) implements Op {
    @Override
    public String name() {
      return "dorefa_tanh";
    }

    @Override
    public Axes axes(Shape... inputs) {
      return Elementary.AXES.bind(this, inputs);
    }

    /** Returns the first position of the largest magnitude, -1 of no number. */
    private static int largest(double[] t, int count) {
      int largest = count - 1;
      for (int i = count - 1; i >= 0; i--) {
        largest = Math.abs(t[i]) >= Math.abs(t[largest]) ? i : largest;
      }
      return largest;
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      Tensor x = in[0];
      double[] t = saved.tensor(DType.F64, x.shape()).f64();
      Parallel.range(
          x.count(),
          TANH_GRAIN,
          (from, end) -> {
            for (int i = from; i < end; i++) {
              t[i] = Math.tanh(x.get(i));
            }
          });
      int at = largest(t, x.count());
      double maximum = at < 0 ? 0 : Math.abs(t[at]);
      for (int i = 0; i < x.count(); i++) {
        double r = t[i] / (2 * maximum) + 0.5;
        y.set(i, maximum == 0 ? 0 : 2 * Levels.round(r, bits) - 1);
      }
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      double[] t = call.saved(0).f64();
      int at = largest(t, dy.count());
      if (at < 0 || t[at] == 0) {
        return new Tensor[] {dy};
      }
      Tensor dx = call.like(0);
      double maximum = Math.abs(t[at]);
      double sum = 0;
      for (int i = 0; i < dy.count(); i++) {
        sum += dy.get(i) * t[i];
        dx.set(i, dy.get(i) / maximum * (1 - t[i] * t[i]));
      }
      if (!constantMaximum) {
        double through = sum / (maximum * maximum) * Math.signum(t[at]);
        dx.set(at, (dy.get(at) / maximum - through) * (1 - t[at] * t[at]));
      }
      return new Tensor[] {dx};
    }

    @Override
    public Keep keep() {
      return Keep.NONE;
    }

    @Override
    public Role role() {
      return Role.PASS;
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
