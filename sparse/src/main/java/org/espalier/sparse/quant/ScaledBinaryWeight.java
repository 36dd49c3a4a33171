package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight binary up to one factor a filter (binary-weight and XNOR networks; Rastegari et
 * al., ECCV 2016; resource-efficiency survey, Q4).
 *
 * <pre>
 * alpha_o = mean |W_o|,  w_o = alpha_o·sign(W_o)
 * dW_i = dw_i·alpha_o·1[|W_i| <= 1] + sign(W_i)/n · sum_j dw_j·sign(W_j)    n weights in the filter
 * </pre>
 *
 * <p>The second term is the derivative through alpha, in full; the paper prints its diagonal only.
 */
public final class ScaledBinaryWeight implements Parametrization, Constrained {
  /** The name in specs. */
  public static final String TYPE = "scaled_binary_weight";

  private final boolean centered;

  /**
   * Creates the parametrization.
   *
   * @param centered whether each filter is freed of its mean and clipped to {@code [-1, 1]} behind
   *     each step, and when this is attached
   */
  public ScaledBinaryWeight(boolean centered) {
    this.centered = centered;
  }

  static ScaledBinaryWeight of(Spec spec) {
    return new ScaledBinaryWeight(spec.flag("centered"));
  }

  /** Returns the factor of each filter, {@code mean |W_o|}. */
  public static Tensor factors(Tensor weight) {
    double[] means = means(weight);
    Tensor factors = Tensor.zeros(weight.dtype(), Shape.of(means.length));
    for (int filter = 0; filter < means.length; filter++) {
      factors.set(filter, means[filter]);
    }
    return factors;
  }

  private static double[] means(Tensor weight) {
    ChannelRuns runs = ChannelRuns.of(weight.shape(), 0);
    double[] means = new double[runs.channels()];
    runs.forEach(
        (filter, from, end) -> {
          double sum = 0;
          for (int i = from; i < end; i++) {
            sum += Math.abs(weight.get(i));
          }
          means[filter] = sum / (end - from);
        });
    return means;
  }

  /** Scales signs. */
  private record ScaledSign() implements Elementary {
    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      double[] factors = means(x);
      ChannelRuns.of(x.shape(), 0)
          .forEach(
              (filter, from, end) -> {
                for (int i = from; i < end; i++) {
                  y.set(i, factors[filter] * Sign.of(x.get(i)));
                }
              });
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      double[] factors = means(x);
      ChannelRuns.of(x.shape(), 0)
          .forEach(
              (filter, from, end) -> {
                double sum = 0;
                for (int i = from; i < end; i++) {
                  sum += dy.get(i) * Sign.of(x.get(i));
                }
                for (int i = from; i < end; i++) {
                  double direct = Math.abs(x.get(i)) <= 1 ? dy.get(i) * factors[filter] : 0;
                  dx.set(i, direct + Sign.of(x.get(i)) / (end - from) * sum);
                }
              });
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ScaledSign(), raw);
  }

  @Override
  public Tensor assign(Tensor value) {
    return centered ? centered(value) : value;
  }

  @Override
  public void constrain(Parameter weight) {
    if (centered) {
      weight.update(raw -> raw.copyFrom(centered(raw)));
    }
  }

  private static Tensor centered(Tensor weight) {
    Tensor moved = weight.copy();
    ChannelRuns.of(weight.shape(), 0)
        .forEach(
            (filter, from, end) -> {
              double sum = 0;
              for (int i = from; i < end; i++) {
                sum += weight.get(i);
              }
              for (int i = from; i < end; i++) {
                double value = weight.get(i) - sum / (end - from);
                moved.set(i, Math.max(-1, Math.min(1, value)));
              }
            });
    return moved;
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("centered", centered);
  }
}
