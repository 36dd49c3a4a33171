package org.espalier.sparse.quant;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
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
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Rounds the gradient that comes back through a port to k bits, in training passes only
 * (DoReFa-Net; resource-efficiency survey, Q5); values pass unchanged.
 *
 * <pre>
 * per sample m = max|g|
 * g' = 2·m·(quantize_k(clip(g/(2·m) + 1/2 + u, 0, 1)) - 1/2),  u uniform in ±0.5/(2^k - 1)
 * </pre>
 */
public final class DoReFaGradient implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "dorefa_gradient";

  private final int bits;

  /** Creates the parametrization; bits are 1 to 16. */
  public DoReFaGradient(int bits) {
    this.bits = Levels.checked("dorefa", bits);
  }

  static DoReFaGradient of(Spec spec) {
    return new DoReFaGradient(spec.integer("bits"));
  }

  /**
   * Returns a rounded gradient.
   *
   * @param gradient the gradient, samples on axis 0; not modified
   * @param noise gives u as a share of one level by element, from -0.5 to 0.5
   */
  public static Tensor round(Tensor gradient, int bits, Noise noise) {
    Tensor rounded = Tensor.zeros(gradient.dtype(), gradient.shape());
    round(gradient, bits, noise, rounded);
    return rounded;
  }

  /** Gives noise. */
  @FunctionalInterface
  public interface Noise {
    /** Returns the noise of an element. */
    double at(int element);
  }

  private static void round(Tensor gradient, int bits, Noise noise, Tensor rounded) {
    int samples = gradient.shape().rank() == 0 ? 1 : gradient.shape().size(0);
    int each = samples == 0 ? 0 : gradient.count() / samples;
    double level = 1.0 / ((1 << bits) - 1);
    for (int n = 0; n < samples; n++) {
      double m = 0;
      for (int i = n * each; i < (n + 1) * each; i++) {
        m = Math.max(m, Math.abs(gradient.get(i)));
      }
      for (int i = n * each; i < (n + 1) * each; i++) {
        double r = gradient.get(i) / (2 * m) + 0.5 + noise.at(i) * level;
        double share = Levels.round(Math.max(0, Math.min(1, r)), bits) - 0.5;
        rounded.set(i, m == 0 ? 0 : 2 * m * share);
      }
    }
  }

  /**
   * Hands values through and rounds gradients.
   *
   * @param bits k
   * @param key the key of the random stream
   */
  private record RoundedGradient(int bits, long key) implements Op {
    private static final AxisSpec AXES = AxisSpec.of("x: ... -> ...");

    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return AXES.bind(this, inputs);
    }

    @Override
    public Tensor alias(Tensor[] inputs, Shape output) {
      return inputs[0];
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      y.copyFrom(in[0]);
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      Random random = Random.ofKey(key);
      Tensor dx = call.like(0);
      round(dy, bits, i -> random.uniform(i) - 0.5, dx);
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
    return pass.mode().isTraining()
        ? Tape.run(new RoundedGradient(bits, pass.randomKey(TYPE)), raw)
        : raw;
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("bits", bits);
  }
}
