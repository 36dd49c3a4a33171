package org.espalier.sparse.quant;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight {@code -Wn}, 0 or {@code Wp}, two numbers that train along (trained ternary
 * quantization; Zhu et al., ICLR 2017; resource-efficiency survey, Q6).
 *
 * <pre>
 * delta = t·max|w|,  y = Wp where w > delta, -Wn where w < -delta, else 0
 * dWp = sum of dy over the positives,  dWn = -sum of dy over the negatives
 * dw = Wp·dy on positives, Wn·dy on negatives, dy on zeros;  delta gets no gradient
 * </pre>
 *
 * <p>The minus is that of the authors' graph; the paper's text omits it. Wp and Wn are kept above 0
 * by {@link QuantizationAwareTraining}, and want no weight decay.
 */
public final class TrainedTernary implements Parametrization {
  /**
   * The name in specs and in the paths of saved tensors: {@code
   * c1.weight.trained_ternary.positive}.
   */
  public static final String TYPE = "trained_ternary";

  /** The factor of the threshold, where nothing else is said. */
  public static final double DEFAULT_FACTOR = 0.05;

  static final String POSITIVE = "positive";
  static final String NEGATIVE = "negative";

  private final double factor;
  private final Parameter positive;
  private final Parameter negative;

  /** Creates the parametrization with {@code Wp = Wn = 1}. */
  public TrainedTernary(double factor) {
    this(factor, 1, 1, DType.F32);
  }

  /**
   * Creates the parametrization.
   *
   * @param factor t, delta as a share of the largest magnitude, 0 or more and below 1
   * @param positive Wp, above 0
   * @param negative Wn, above 0
   * @param dtype the weight's type
   */
  public TrainedTernary(double factor, double positive, double negative, DType dtype) {
    if (!(factor >= 0 && factor < 1) || !(positive > 0) || !(negative > 0)) {
      throw new IllegalArgumentException(
          "trained ternary: needs 0 <= factor < 1 and values above 0, got %s, %s, %s"
              .formatted(factor, positive, negative));
    }
    this.factor = factor;
    this.positive = Parameter.trainable(POSITIVE, Tensor.full(dtype, Shape.scalar(), positive));
    this.negative = Parameter.trainable(NEGATIVE, Tensor.full(dtype, Shape.scalar(), negative));
  }

  static TrainedTernary of(Spec spec, Function<String, Shape> shapes) {
    return new TrainedTernary(spec.number("factor"));
  }

  /** Returns Wp. */
  public Parameter positive() {
    return positive;
  }

  /** Returns Wn. */
  public Parameter negative() {
    return negative;
  }

  /** Returns the threshold of a weight, {@code t·max|w|}. */
  public double threshold(Tensor weight) {
    return threshold(weight, factor);
  }

  private static double threshold(Tensor weight, double factor) {
    double most = 0;
    for (int i = 0; i < weight.count(); i++) {
      most = Math.max(most, Math.abs(weight.get(i)));
    }
    return factor * most;
  }

  /**
   * Takes the three values.
   *
   * @param factor the threshold factor
   */
  private record ThreeTrained(double factor) implements Op {
    private static final AxisSpec AXES = AxisSpec.of("weight: ..., positive: , negative:  -> ...");

    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return AXES.bind(this, inputs);
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      double delta = threshold(in[0], factor);
      for (int i = 0; i < y.count(); i++) {
        double w = in[0].get(i);
        y.set(i, w > delta ? in[1].get(0) : w < -delta ? -in[2].get(0) : 0);
      }
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      Tensor w = call.in(0);
      double delta = threshold(w, factor);
      Tensor dw = call.needs(0) ? call.like(0) : null;
      double sumPositive = 0;
      double sumNegative = 0;
      for (int i = 0; i < dy.count(); i++) {
        double g = dy.get(i);
        boolean above = w.get(i) > delta;
        boolean below = w.get(i) < -delta;
        sumPositive += above ? g : 0;
        sumNegative -= below ? g : 0;
        if (dw != null) {
          dw.set(i, g * (above ? call.in(1).get(0) : below ? call.in(2).get(0) : 1));
        }
      }
      return new Tensor[] {dw, filled(call, 1, sumPositive), filled(call, 2, sumNegative)};
    }

    private static Tensor filled(Call call, int input, double value) {
      return call.needs(input) ? call.like(input).fill(value) : null;
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ThreeTrained(factor), raw, pass.value(positive), pass.value(negative));
  }

  @Override
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    parameters.put(POSITIVE, positive);
    parameters.put(NEGATIVE, negative);
    return parameters;
  }

  /** Cuts nothing: both numbers are the whole weight's. */
  @Override
  public void cut(int axis, Indices keep) {}

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("factor", factor);
  }
}
