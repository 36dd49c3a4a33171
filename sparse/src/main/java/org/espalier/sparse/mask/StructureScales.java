package org.espalier.sparse.mask;

import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
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
 * Scales each structure of a weight, by default each filter or output unit, by a trainable number
 * that counts as 0 where it is small: parameterised structured pruning (resource-efficiency survey,
 * P7, reconstructed).
 *
 * <pre>
 * w = v · nu(alpha),  nu(a) = 0 where |a| < eps, else a
 * dalpha = sum over the structure of dw · v     (straight through nu)
 * dv = dw · nu(alpha)
 * </pre>
 *
 * <p>A weight decay on {@link #alpha} pushes structures to zero. Filters and input channels whose
 * weights are zero are then removed like any dead unit ({@code DeadUnits}); zero kernel positions
 * stay where they are, and a layer of zeros is what a residual block can do without.
 */
public final class StructureScales implements Parametrization {
  /** Says what a scale belongs to. */
  public enum Structure {
    /** A filter or output unit: one scale an index of axis 0, {@code [out]}. */
    FILTER,
    /** An input channel: one scale an index of the last axis, {@code [in]}. */
    CHANNEL,
    /** A kernel position of a convolution, {@code [kh, kw]}, of a series {@code [k]}. */
    POSITION,
    /** The whole weight, {@code [1]}. */
    LAYER;

    /** Returns the shape of the scales of a weight. */
    public Shape scales(Shape weight) {
      int last = weight.rank() - 1;
      return switch (this) {
        case FILTER -> Shape.of(weight.size(0));
        case CHANNEL -> Shape.of(weight.size(last));
        case POSITION -> Shape.of(Arrays.copyOfRange(weight.sizes(), 1, last));
        case LAYER -> Shape.of(1);
      };
    }

    /** Returns the number of the scale of a weight's element. */
    int of(Shape weight, int element) {
      int in = weight.size(-1);
      return switch (this) {
        case FILTER -> element / (weight.count() / weight.size(0));
        case CHANNEL -> element % in;
        case POSITION -> element / in % (weight.count() / weight.size(0) / in);
        case LAYER -> 0;
      };
    }

    private AxisSpec axes(Shape weight) {
      return switch (this) {
        case FILTER -> FILTERS;
        case CHANNEL -> CHANNELS;
        case POSITION -> weight.rank() == 4 ? POSITIONS : SERIES_POSITIONS;
        case LAYER -> WHOLE;
      };
    }
  }

  private static final AxisSpec FILTERS = AxisSpec.of("weight: o ..., alpha: o -> o ...");
  private static final AxisSpec CHANNELS = AxisSpec.of("weight: ... i, alpha: i -> ... i");
  private static final AxisSpec POSITIONS = AxisSpec.of("weight: o h w i, alpha: h w -> o h w i");
  private static final AxisSpec SERIES_POSITIONS = AxisSpec.of("weight: o l i, alpha: l -> o l i");
  private static final AxisSpec WHOLE = AxisSpec.of("weight: ..., alpha: a -> ...");

  /**
   * The name in specs and in the paths of saved tensors: {@code c1.weight.structure_scales.alpha}.
   */
  public static final String TYPE = "structure_scales";

  /** The share of the largest scale below which a scale counts as 0, where nothing else is said. */
  public static final double DEFAULT_SHARE = 1e-3;

  private static final String ALPHA = "alpha";
  private static final String STRUCTURE = "structure";

  private final Structure structure;
  private final Parameter alpha;
  private final double epsilon;

  /**
   * Creates the parametrization of filters.
   *
   * @param alpha the scale of each index of axis 0; copied
   * @param epsilon the magnitude below which a scale counts as 0, above 0; NaN for {@value
   *     #DEFAULT_SHARE} of the largest of now
   */
  public StructureScales(Tensor alpha, double epsilon) {
    this(Structure.FILTER, alpha, epsilon);
  }

  /**
   * Creates the parametrization.
   *
   * @param structure what a scale belongs to
   * @param alpha the scales, of the shape that {@link Structure#scales} says; copied
   * @param epsilon the magnitude below which a scale counts as 0, above 0; NaN for {@value
   *     #DEFAULT_SHARE} of the largest of now
   */
  public StructureScales(Structure structure, Tensor alpha, double epsilon) {
    if (epsilon <= 0) {
      throw new IllegalArgumentException(
          "structure scales: epsilon must be above 0, got " + epsilon);
    }
    this.structure = structure;
    this.alpha = Parameter.trainable(ALPHA, alpha.copy());
    this.epsilon = epsilon;
  }

  static StructureScales of(Spec spec, Shape shape) {
    double epsilon = spec.flag("relative") ? Double.NaN : spec.number("epsilon");
    // Files that name no structure are of the time when there were only filters.
    Structure structure =
        spec.options().containsKey(STRUCTURE)
            ? Structure.valueOf(spec.text(STRUCTURE).toUpperCase(Locale.ROOT))
            : Structure.FILTER;
    return new StructureScales(structure, Tensor.full(DType.F32, shape, 1), epsilon);
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

  /** Scales structures. */
  private record Scale(Structure structure, double epsilon) implements Op {
    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return structure.axes(inputs[0]).bind(this, inputs);
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      scale(in[0], in[1], y);
    }

    private void scale(Tensor x, Tensor alpha, Tensor y) {
      double limit = limit(alpha, epsilon);
      for (int i = 0; i < y.count(); i++) {
        double scale = alpha.get(structure.of(y.shape(), i));
        y.set(i, Math.abs(scale) < limit ? 0 : x.get(i) * scale);
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
        double[] sums = new double[dalpha.count()];
        for (int i = 0; i < dy.count(); i++) {
          sums[structure.of(dy.shape(), i)] += dy.get(i) * call.in(0).get(i);
        }
        for (int k = 0; k < sums.length; k++) {
          dalpha.set(k, sums[k]);
        }
      }
      return new Tensor[] {dv, dalpha};
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new Scale(structure, epsilon), raw, pass.value(alpha));
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(ALPHA, alpha);
  }

  /** Cuts the scales where what they belong to is cut; kernel positions never are. */
  @Override
  public void cut(int axis, Indices keep) {
    if (axis == 0 && structure == Structure.FILTER || axis > 0 && structure == Structure.CHANNEL) {
      alpha.cut(0, keep);
    }
  }

  @Override
  public Spec spec() {
    boolean relative = Double.isNaN(epsilon);
    return Spec.of(TYPE)
        .with(STRUCTURE, structure.name().toLowerCase(Locale.ROOT))
        .with("relative", relative)
        .with("epsilon", relative ? 0 : epsilon);
  }
}
