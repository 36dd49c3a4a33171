package org.espalier.sparse.mask;

import java.util.Map;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Scales each filter or output unit by a trainable number that counts as 0 where it is small:
 * parameterised structured pruning (resource-efficiency survey, P7, reconstructed).
 *
 * <pre>
 * w = v · nu(alpha),  nu(a) = 0 where |a| < eps, else a
 * dalpha = sum over the structure of dw · v     (straight through nu)
 * dv = dw · nu(alpha)
 * </pre>
 *
 * <p>A weight decay on {@link #alpha} pushes structures to zero; those whose row is zero are then
 * removed like any dead unit.
 */
public final class StructureScales implements Parametrization {
  /**
   * The name in specs and in the paths of saved tensors: {@code c1.weight.structure_scales.alpha}.
   */
  public static final String TYPE = "structure_scales";

  /** The share of the largest scale below which a scale counts as 0, where nothing else is said. */
  public static final double DEFAULT_SHARE = 1e-3;

  private static final String ALPHA = "alpha";

  private final Parameter alpha;
  private final double epsilon;

  /**
   * Creates the parametrization.
   *
   * @param alpha the scale of each index of axis 0; copied
   * @param epsilon the magnitude below which a scale counts as 0, above 0; NaN for {@value
   *     #DEFAULT_SHARE} of the largest of now
   */
  public StructureScales(Tensor alpha, double epsilon) {
    if (epsilon <= 0) {
      throw new IllegalArgumentException(
          "structure scales: epsilon must be above 0, got " + epsilon);
    }
    this.alpha = Parameter.trainable(ALPHA, alpha.copy());
    this.epsilon = epsilon;
  }

  static StructureScales of(Spec spec, Shape shape) {
    double epsilon = spec.flag("relative") ? Double.NaN : spec.number("epsilon");
    return new StructureScales(Tensor.full(DType.F32, shape, 1), epsilon);
  }

  /** Returns the scales. */
  public Parameter alpha() {
    return alpha;
  }

  /** Returns the scales as they act: 0 where they are small. */
  public Tensor thresholded() {
    Tensor scales = alpha.raw();
    double limit = limit(scales, epsilon);
    Tensor nu = Tensor.zeros(scales.dtype(), scales.shape());
    for (int i = 0; i < nu.count(); i++) {
      nu.set(i, Math.abs(scales.get(i)) < limit ? 0 : scales.get(i));
    }
    return nu;
  }

  private static double limit(Tensor scales, double epsilon) {
    if (!Double.isNaN(epsilon)) {
      return epsilon;
    }
    double largest = 0;
    for (int i = 0; i < scales.count(); i++) {
      largest = Math.max(largest, Math.abs(scales.get(i)));
    }
    return DEFAULT_SHARE * largest;
  }

  /** Scales rows. */
  private record ScaleRows(double epsilon) implements Op {
    private static final AxisSpec AXES = AxisSpec.of("weight: o ..., alpha: o -> o ...");

    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return AXES.bind(this, inputs);
    }

    private double nu(Tensor alpha, int row, double limit) {
      return Math.abs(alpha.get(row)) < limit ? 0 : alpha.get(row);
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      scale(in[0], in[1], y);
    }

    private void scale(Tensor x, Tensor alpha, Tensor y) {
      double limit = limit(alpha, epsilon);
      int row = y.count() / alpha.count();
      for (int i = 0; i < y.count(); i++) {
        double nu = nu(alpha, i / row, limit);
        y.set(i, nu == 0 ? 0 : x.get(i) * nu);
      }
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      Tensor dv = call.needs(0) ? call.like(0) : null;
      Tensor dalpha = call.needs(1) ? call.like(1) : null;
      if (dv != null) {
        scale(dy, call.in(1), dv);
      }
      if (dalpha != null) {
        int row = dy.count() / dalpha.count();
        for (int o = 0; o < dalpha.count(); o++) {
          double sum = 0;
          for (int i = o * row; i < (o + 1) * row; i++) {
            sum += dy.get(i) * call.in(0).get(i);
          }
          dalpha.set(o, sum);
        }
      }
      return new Tensor[] {dv, dalpha};
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ScaleRows(epsilon), raw, pass.value(alpha));
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(ALPHA, alpha);
  }

  /** Cuts the scales where rows are cut; other axes do not concern them. */
  @Override
  public void cut(int axis, org.espalier.nn.Indices keep) {
    if (axis == 0) {
      alpha.cut(0, keep);
    }
  }

  @Override
  public Spec spec() {
    boolean relative = Double.isNaN(epsilon);
    return Spec.of(TYPE).with("relative", relative).with("epsilon", relative ? 0 : epsilon);
  }
}
