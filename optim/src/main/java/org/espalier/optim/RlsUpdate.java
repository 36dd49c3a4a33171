package org.espalier.optim;

import org.espalier.nn.Denormals;
import org.espalier.nn.Parameter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Unary;

/**
 * Is one step of the matrices of one layer (recursive least squares, section 2.4): first everything
 * is computed and checked, then {@link #apply} changes weight, velocity and P.
 */
final class RlsUpdate {
  private static final int SYMMETRISE_EVERY = 100;
  private static final double LARGEST_MEAN_DIAGONAL = 1e6;
  private static final String VELOCITY = Rls.NAME + ".velocity";
  private static final String STEP = Rls.NAME + ".step";

  private final Rls rls;
  private final Parameter owner;
  private final Parameter weight;
  private final Parameter bias;
  private final BlockLayout layout;
  private final InverseAutocorrelation matrix;
  private final Workspace.Lease lease;
  private final Tensor mean;
  private final Tensor gain;
  private final Tensor scales;
  private Tensor product;

  /**
   * Prepares a step.
   *
   * @param rls the options
   * @param weight null where only the bias takes the step
   * @param bias null where only the weight does
   * @param layout what stands where
   * @param lease lends what lives until the pass closes
   */
  RlsUpdate(Rls rls, Parameter weight, Parameter bias, BlockLayout layout, Workspace.Lease lease) {
    this.rls = rls;
    this.weight = weight;
    this.bias = bias;
    this.owner = weight == null ? bias : weight;
    this.layout = layout;
    this.lease = lease;
    boolean precise = rls.forgettingFactor() < 1 || owner.dtype() == DType.F64;
    this.matrix =
        InverseAutocorrelation.open(owner, layout, precise ? DType.F64 : DType.F32, rls.initialP());
    this.mean = lease.take(DType.F64, Shape.of(layout.width()));
    this.gain = lease.take(DType.F64, Shape.of(layout.width()));
    this.scales = lease.take(DType.F64, Shape.of(layout.blocks()));
  }

  /** Returns where the mean input goes before {@link #compute}. */
  double[] mean() {
    return mean.f64();
  }

  /**
   * Computes {@code P G}, {@code u = P x̄} and {@code h = λ + k x̄·u}; only symmetrises P, and that
   * only where h is not positive.
   *
   * @param weightGradient null where there is no weight
   * @param biasGradient null where there is none
   */
  void compute(Tensor weightGradient, Tensor biasGradient) {
    DType dtype = owner.dtype();
    Tensor x = lease.take(dtype, Shape.of(layout.outputs() + 1, layout.width()));
    layout.pack(regularised(weight, weightGradient), regularised(bias, biasGradient), x);
    int last = layout.outputs() * layout.width();
    for (int i = 0; i < layout.width(); i++) {
      x.set(last + i, mean()[i]);
    }
    product = lease.take(dtype, x.shape());
    matrix.product(x, product, lease);
    readGain(last);
    for (int block = 0; block < layout.blocks(); block++) {
      double scale = scale(block);
      scales.f64()[block] = isGood(scale) ? scale : rescued(block, x);
    }
    lease.release(x);
  }

  /** Returns {@code G + l2·W}. */
  private Tensor regularised(Parameter parameter, Tensor gradient) {
    if (gradient == null || rls.weightDecay() == 0) {
      return gradient;
    }
    Tensor sum = lease.take(gradient.dtype(), gradient.shape());
    sum.copyFrom(gradient);
    KernelLookup.of(sum).addScaled(rls.weightDecay(), parameter.raw(), sum);
    return sum;
  }

  private void readGain(int last) {
    if (matrix.dtype() == product.dtype()) {
      for (int i = 0; i < layout.width(); i++) {
        gain.f64()[i] = product.get(last + i);
      }
    } else {
      for (int block = 0; block < layout.blocks(); block++) {
        readPreciseGain(block);
      }
    }
  }

  private void readPreciseGain(int block) {
    int start = block * layout.size();
    matrix.gain(block, mean(), start, gain.f64(), start);
  }

  /** Returns h of a block. */
  private double scale(int block) {
    double dot = 0;
    for (int i = block * layout.size(); i < (block + 1) * layout.size(); i++) {
      dot += mean()[i] * gain.f64()[i];
    }
    return rls.forgettingFactor() + rls.averageScale() * dot;
  }

  private static boolean isGood(double scale) {
    return scale > 0 && scale < Double.POSITIVE_INFINITY;
  }

  /** Tries again with a symmetric P, in double. */
  private double rescued(int block, Tensor x) {
    matrix.symmetrise(block);
    readPreciseGain(block);
    double scale = scale(block);
    if (!isGood(scale)) {
      throw new IllegalStateException(
          "rls: h = %s at %s: P is not positive definite any more; restart the optimizer, or use a forgettingFactor nearer to 1 or a smaller averageScale"
              .formatted(scale, owner.name()));
    }
    matrix.product(x, product, lease);
    return scale;
  }

  /** Refuses a P that would grow too large, where that is wanted. */
  void checkGrowth() {
    for (int block = 0; rls.strict() && block < layout.blocks(); block++) {
      double trace = matrix.trace(block) / rls.forgettingFactor() - norm(block) * norm(block);
      if (isTooLarge(trace)) {
        throw new IllegalStateException(
            "rls: the mean diagonal of P would be %s at %s, above %s: some inputs are never excited; use a forgettingFactor nearer to 1, or leave strict"
                .formatted(trace / layout.size(), owner.name(), LARGEST_MEAN_DIAGONAL));
      }
    }
  }

  private boolean isTooLarge(double trace) {
    return rls.forgettingFactor() < 1 && trace / layout.size() > LARGEST_MEAN_DIAGONAL;
  }

  private double norm(int block) {
    double sum = 0;
    for (int i = block * layout.size(); i < (block + 1) * layout.size(); i++) {
      sum += gain.f64()[i] * gain.f64()[i];
    }
    return Math.sqrt(sum) * root(block);
  }

  /** Returns {@code √(k / (λ h))}. */
  private double root(int block) {
    return Math.sqrt(rls.averageScale() / (rls.forgettingFactor() * scales.f64()[block]));
  }

  /** Changes weight, bias, their velocities and P. */
  void apply(double eta) {
    double[] factors = scales.copy().f64();
    for (int block = 0; block < factors.length; block++) {
      factors[block] = -eta / factors[block];
    }
    Tensor weightChange = like(weight);
    Tensor biasChange = like(bias);
    layout.unpack(product, factors, weightChange, biasChange);
    move(weight, weightChange);
    move(bias, biasChange);
    updateMatrices();
  }

  private Tensor like(Parameter parameter) {
    return parameter == null ? null : lease.take(parameter.dtype(), parameter.shape());
  }

  private void move(Parameter parameter, Tensor change) {
    if (parameter == null) {
      return;
    }
    var kernels = KernelLookup.of(change);
    Tensor velocity = change;
    if (rls.momentum() > 0) {
      velocity = velocity(parameter);
      kernels.unary(Unary.AFFINE, rls.momentum(), 0, velocity, velocity);
      kernels.addScaled(1, change, velocity);
      flush(velocity);
    }
    Tensor last = velocity;
    parameter.update(
        raw -> {
          kernels.addScaled(1, last, raw);
          flush(raw);
        });
    lease.release(change);
  }

  private static Tensor velocity(Parameter parameter) {
    Tensor velocity = parameter.slot(VELOCITY);
    if (!velocity.shape().equals(parameter.shape()) || velocity.dtype() != parameter.dtype()) {
      throw new StateException(
          "rls: %s is %s%s, its velocity %s%s; call restart, or restore both together"
              .formatted(
                  parameter.name(),
                  parameter.dtype(),
                  parameter.shape(),
                  velocity.dtype(),
                  velocity.shape()));
    }
    return velocity;
  }

  private static void flush(Tensor tensor) {
    if (tensor.dtype() == DType.F32) {
      Denormals.flush(tensor);
    }
  }

  private void updateMatrices() {
    boolean symmetrise = count() % SYMMETRISE_EVERY == 0;
    int size = layout.size();
    Tensor v = lease.take(matrix.dtype(), Shape.of(size));
    for (int block = 0; block < layout.blocks(); block++) {
      double root = root(block);
      for (int i = 0; i < size; i++) {
        v.set(i, root * gain.f64()[block * size + i]);
      }
      matrix.update(block, rls.forgettingFactor(), v);
      double trace = rls.forgettingFactor() < 1 ? matrix.trace(block) : 0;
      if (isTooLarge(trace)) {
        matrix.scale(block, size / trace);
      }
      if (symmetrise) {
        matrix.symmetrise(block);
      }
    }
    lease.release(v);
  }

  private int count() {
    int[] count =
        owner.slot(STEP, () -> Tensor.zeros(DType.I32, Shape.scalar()), null).tensor().i32();
    return ++count[0];
  }
}
