package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Random;
import org.espalier.tensor.Tensor;

/**
 * Makes a weight +1 or -1: BinaryConnect (Courbariaux et al., NIPS 2015; resource-efficiency
 * survey, Q3).
 *
 * <pre>
 * deterministic:  w = sign(v)
 * stochastic:     w = +1 with probability clip((v + 1)/2, 0, 1), else -1; in training passes only
 * dv = dw
 * </pre>
 *
 * <p>{@link QuantizationAwareTraining} clips v to {@code [-1, 1]} behind each step.
 */
public final class BinaryConnect implements Parametrization, Constrained {
  /** The name in specs. */
  public static final String TYPE = "binary_connect";

  private final boolean stochastic;

  /**
   * Creates the parametrization.
   *
   * @param stochastic whether training passes draw the sign
   */
  public BinaryConnect(boolean stochastic) {
    this.stochastic = stochastic;
  }

  static BinaryConnect of(Spec spec) {
    return new BinaryConnect(spec.flag("stochastic"));
  }

  /** Returns the probability of +1 for a weight, {@code clip((v + 1)/2, 0, 1)}. */
  public static double probability(double v) {
    return Math.max(0, Math.min(1, (v + 1) / 2));
  }

  /**
   * Draws signs.
   *
   * @param key the key of the random stream
   */
  private record DrawnSign(long key) implements Elementary {
    @Override
    public String name() {
      return "drawn_sign";
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      Random random = Random.ofKey(key);
      for (int i = 0; i < y.count(); i++) {
        y.set(i, random.uniform(i) < probability(x.get(i)) ? 1 : -1);
      }
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      dx.copyFrom(dy);
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    boolean draws = stochastic && pass.mode().isTraining();
    return Tape.run(draws ? new DrawnSign(pass.randomKey(TYPE)) : new Sign(false), raw);
  }

  @Override
  public void constrain(Parameter weight) {
    weight.update(
        raw -> {
          for (int i = 0; i < raw.count(); i++) {
            raw.set(i, Math.max(-1, Math.min(1, raw.get(i))));
          }
        });
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("stochastic", stochastic);
  }
}
