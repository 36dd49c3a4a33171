package org.espalier.sparse.quant;

import java.util.Map;
import java.util.function.Function;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Rounds to a grid whose step size trains along: LSQ (Esser et al., Learned Step Size Quantization,
 * ICLR 2020; resource-efficiency survey, Q2). {@link LearnedStepOp} has the formulas.
 *
 * <p>Steps start at {@code 2·mean|x|/√Qp}: those of a weight at once, those of a module's values in
 * the first training pass, which also says whether values are ever negative. Steps stay above 0:
 * {@link QuantizationAwareTraining} keeps them at 1e-8 or more and wants no weight decay on them.
 */
public final class LearnedStepSize implements Parametrization {
  /** The name in specs and in the paths of saved tensors: {@code c1.weight.learned_step.step}. */
  public static final String TYPE = "learned_step";

  static final String STEP = "step";

  private final int bits;
  private final int axis;
  private final boolean perSample;
  private final Parameter step;
  private boolean unsigned;

  private LearnedStepSize(int bits, int axis, boolean unsigned, boolean perSample, Tensor step) {
    if (bits < 2 || bits > 8) {
      throw new IllegalArgumentException("learned step size: bits must be 2 to 8, got " + bits);
    }
    this.bits = bits;
    this.axis = axis;
    this.unsigned = unsigned;
    this.perSample = perSample;
    this.step = Parameter.trainable(STEP, step);
  }

  /** Returns one with one step for a weight, which has a value. */
  public static LearnedStepSize ofWeight(Parameter weight, int bits) {
    return ofWeight(weight, bits, AffineQuantizer.PER_TENSOR);
  }

  /** Returns one with a step for each index of an axis of a weight, which has a value. */
  public static LearnedStepSize ofWeight(Parameter weight, int bits, int axis) {
    return of(weight.value(), bits, axis, false, false);
  }

  /**
   * Returns one whose steps start as those of a tensor.
   *
   * @param axis the axis with a step for each index, or {@link AffineQuantizer#PER_TENSOR}
   * @param unsigned whether codes are {@code 0..2^bits - 1}, else {@code -2^(bits-1)..2^(bits-1)-1}
   * @param perSample whether N counts the elements of one sample, as in the paper, not those of the
   *     whole tensor
   */
  public static LearnedStepSize of(
      Tensor x, int bits, int axis, boolean unsigned, boolean perSample) {
    int channels = ChannelRuns.of(x.shape(), axis).channels();
    Shape shape = axis == AffineQuantizer.PER_TENSOR ? Shape.scalar() : Shape.of(channels);
    LearnedStepSize made =
        new LearnedStepSize(bits, axis, unsigned, perSample, Tensor.zeros(x.dtype(), shape));
    made.start(x);
    return made;
  }

  /** Returns one with one step for the values of a module, which the first training pass finds. */
  public static LearnedStepSize ofValues(int bits) {
    return ofValues(bits, false);
  }

  /**
   * Returns one with one step for the values of a module, which the first training pass finds.
   *
   * @param perSample whether N counts the values of one sample, not of the batch
   */
  public static LearnedStepSize ofValues(int bits, boolean perSample) {
    Tensor none = Tensor.zeros(DType.F32, Shape.scalar());
    return new LearnedStepSize(bits, AffineQuantizer.PER_TENSOR, false, perSample, none);
  }

  static LearnedStepSize of(Spec spec, Function<String, Shape> shapes) {
    return new LearnedStepSize(
        spec.integer("bits"),
        spec.integer("axis"),
        spec.flag("unsigned"),
        spec.flag("per_sample"),
        Tensor.zeros(DType.F32, shapes.apply(STEP)));
  }

  private void start(Tensor x) {
    ChannelRuns runs = ChannelRuns.of(x.shape(), axis);
    double[] sums = new double[runs.channels()];
    runs.forEach(
        (channel, from, end) -> {
          for (int i = from; i < end; i++) {
            sums[channel] += Math.abs(x.get(i));
          }
        });
    step.update(
        raw -> {
          for (int c = 0; c < sums.length; c++) {
            double mean = sums[c] / Math.max(1, runs.perChannel());
            raw.set(c, Math.max(OwnNumbers.LEAST, 2 * mean / Math.sqrt(highest())));
          }
        });
  }

  private boolean isStarted() {
    return step.raw().count() == 0 || step.raw().get(0) > 0;
  }

  /** Returns the lowest code Qn. */
  public int lowest() {
    return unsigned ? 0 : -(1 << (bits - 1));
  }

  /** Returns the highest code Qp. */
  public int highest() {
    return (1 << (unsigned ? bits : bits - 1)) - 1;
  }

  /** Returns the bits of a code. */
  public int bits() {
    return bits;
  }

  /** Returns the step sizes: one, or one for each channel; 0 where no value was seen yet. */
  public Parameter step() {
    return step;
  }

  /** Returns by what the gradient of a step is multiplied, {@code 1/√(N·Qp)}. */
  public double gradientScale(Shape x) {
    return op().gradientScale(x);
  }

  private LearnedStepOp op() {
    return new LearnedStepOp(lowest(), highest(), axis, perSample);
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    if (pass.mode().computes() && !isStarted()) {
      if (!pass.mode().isTraining()) {
        throw new StateException(
            "learned step size at %s: no value was seen yet; run a training pass first"
                .formatted(pass.tape().scope()));
      }
      Range seen = Range.of(pass.tape().scope(), raw.value());
      unsigned = seen.low() >= 0;
      start(raw.value());
    }
    return Tape.run(op(), raw, pass.value(step));
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(STEP, step);
  }

  /** Cuts the steps where their own axis is cut. */
  @Override
  public void cut(int cutAxis, Indices keep) {
    if (cutAxis == axis) {
      step.cut(0, keep);
    }
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE)
        .with("bits", bits)
        .with("axis", axis)
        .with("unsigned", unsigned)
        .with("per_sample", perSample);
  }
}
