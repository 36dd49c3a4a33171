package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight {@code -alpha}, 0 or {@code +alpha} (ternary weight networks; Li et al. 2016;
 * resource-efficiency survey, Q6).
 *
 * <pre>
 * delta = 0.7·mean|w|,  code = sign(w) where |w| > delta, else 0
 * alpha = mean |w| over the kept,  y = alpha·code,  dw = dy
 * </pre>
 *
 * <p>One delta and alpha for the weight, or for each filter. If nothing is kept, y is 0.
 */
public final class TernaryWeight implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "ternary_weight";

  /** The factor of the threshold, where nothing else is said. */
  public static final double DEFAULT_FACTOR = 0.7;

  private final double factor;
  private final boolean perFilter;

  /**
   * Creates the parametrization.
   *
   * @param factor delta as a multiple of the mean magnitude, 0 or more
   * @param perFilter whether each filter has its own delta and alpha
   */
  public TernaryWeight(double factor, boolean perFilter) {
    if (!(factor >= 0 && factor < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "ternary weight: the threshold factor must be finite and 0 or more, got " + factor);
    }
    this.factor = factor;
    this.perFilter = perFilter;
  }

  static TernaryWeight of(Spec spec) {
    return new TernaryWeight(spec.number("factor"), spec.flag("per_filter"));
  }

  /**
   * Is what a weight becomes.
   *
   * @param delta the thresholds, F64: one, or one for each filter
   * @param alpha the magnitudes, F64 alike
   * @param codes -1, 0 and 1, of the weight's shape and type
   */
  public record Ternary(Tensor delta, Tensor alpha, Tensor codes) {}

  /** Returns what a weight becomes. */
  public Ternary ternary(Tensor weight) {
    ChannelRuns runs = runs(weight, perFilter);
    Tensor delta = Tensor.zeros(DType.F64, Shape.of(runs.channels()));
    Tensor alpha = Tensor.zeros(DType.F64, Shape.of(runs.channels()));
    Tensor codes = Tensor.zeros(weight.dtype(), weight.shape());
    runs.forEach(
        (channel, from, end) -> {
          delta.set(channel, threshold(weight, factor, from, end));
          alpha.set(channel, magnitude(weight, delta.get(channel), from, end));
          for (int i = from; i < end; i++) {
            codes.set(i, code(weight.get(i), delta.get(channel)));
          }
        });
    return new Ternary(delta, alpha, codes);
  }

  private static ChannelRuns runs(Tensor weight, boolean perFilter) {
    return ChannelRuns.of(weight.shape(), perFilter ? 0 : ChannelRuns.PER_TENSOR);
  }

  private static double threshold(Tensor w, double factor, int from, int end) {
    double sum = 0;
    for (int i = from; i < end; i++) {
      sum += Math.abs(w.get(i));
    }
    return factor * sum / Math.max(1, end - from);
  }

  private static double magnitude(Tensor w, double threshold, int from, int end) {
    double kept = 0;
    int count = 0;
    for (int i = from; i < end; i++) {
      if (Math.abs(w.get(i)) > threshold) {
        kept += Math.abs(w.get(i));
        count++;
      }
    }
    return count == 0 ? 0 : kept / count;
  }

  private static double code(double w, double threshold) {
    return Math.abs(w) > threshold ? Math.signum(w) : 0;
  }

  /**
   * Takes the three values.
   *
   * @param factor the threshold factor
   * @param perFilter whether each filter has its own
   */
  private record ThreeValues(double factor, boolean perFilter) implements Elementary {
    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      runs(x, perFilter)
          .forEach(
              (channel, from, end) -> {
                double delta = threshold(x, factor, from, end);
                double alpha = magnitude(x, delta, from, end);
                for (int i = from; i < end; i++) {
                  y.set(i, code(x.get(i), delta) * alpha);
                }
              });
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      dx.copyFrom(dy);
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ThreeValues(factor, perFilter), raw);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("factor", factor).with("per_filter", perFilter);
  }
}
