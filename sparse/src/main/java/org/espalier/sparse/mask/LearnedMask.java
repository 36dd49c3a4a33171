package org.espalier.sparse.mask;

import java.util.Locale;
import java.util.Map;
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
 * Multiplies a parameter with the unit step of trainable scores, {@code w = v · step(m)} with
 * {@code step(m) = 1} for m above 0, else 0: sparse connectivity learning (SCL; Tang et al., IEEE
 * TNNLS 34(10), 2023; sheet 17). The sheet calls this parametrization SparseConnectivity, and the
 * scores mask variables.
 *
 * <p>Raw value and scores get gradients as {@link UnitStepMask} says. {@link SparseConnectivity} is
 * the callback that normalises the scores' gradients and charges for connections. The scores are a
 * parameter like any other: saved, cut along, given to an optimizer of their own by {@link
 * #isScore}. A fake quantisation is to be attached behind the mask, so that it sees the zeros.
 */
public final class LearnedMask implements Parametrization {
  /**
   * The name in specs and in the paths of saved tensors: {@code conv1.weight.learned_mask.score}.
   */
  public static final String TYPE = "learned_mask";

  private static final String SCORE = "score";
  private static final String PATH_END = "." + TYPE + "." + SCORE;

  private final Parameter score;
  private final StraightThrough proxy;

  /**
   * Creates the parametrization.
   *
   * @param score the mask variables, of the parameter's shape; copied
   * @param proxy the estimator of the step's derivative
   */
  public LearnedMask(Tensor score, StraightThrough proxy) {
    this.score = Parameter.trainable(SCORE, score.copy());
    this.proxy = proxy;
  }

  /** Returns a mask as a spec describes it, whose scores come from a file. */
  static LearnedMask of(Spec spec, Shape shape) {
    StraightThrough proxy =
        StraightThrough.of(spec.text("straight_through"), spec.number("slope"), true);
    return new LearnedMask(Tensor.full(DType.F32, shape, 1), proxy);
  }

  /** Tells whether a parameter of a model holds the scores of a learned mask, by its path. */
  public static boolean isScore(Parameter parameter) {
    return parameter.name().endsWith(PATH_END);
  }

  /** Returns the mask learned for a parameter, or null. */
  public static LearnedMask on(Parameter parameter) {
    for (Parametrization parametrization : parameter.parametrizations()) {
      if (parametrization instanceof LearnedMask mask) {
        return mask;
      }
    }
    return null;
  }

  /** Returns the mask variables. */
  public Parameter score() {
    return score;
  }

  /** Returns the estimator of the step's derivative. */
  public StraightThrough proxy() {
    return proxy;
  }

  /** Returns the binary mask of now: 1 where the score is above 0, else 0. */
  public Tensor mask() {
    Tensor scores = score.raw();
    Tensor mask = Tensor.zeros(scores.dtype(), scores.shape());
    for (int i = 0; i < mask.count(); i++) {
      mask.set(i, scores.get(i) > 0 ? 1 : 0);
    }
    return mask;
  }

  /** Returns the number of connections that exist now. */
  public long active() {
    Tensor scores = score.raw();
    long active = 0;
    for (int i = 0; i < scores.count(); i++) {
      active += scores.get(i) > 0 ? 1 : 0;
    }
    return active;
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new UnitStepMask(proxy), raw, pass.value(score));
  }

  /** Refuses a value of another shape than the scores'; leaves it as it is. */
  @Override
  public Tensor assign(Tensor value) {
    if (!value.shape().equals(score.shape())) {
      throw new IllegalArgumentException(
          "learned mask: the scores are %s, the weight is %s; they must have one shape"
              .formatted(score.shape(), value.shape()));
    }
    return value;
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(SCORE, score);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE)
        .with("straight_through", proxy.kind().name().toLowerCase(Locale.ROOT))
        .with("slope", proxy.slope());
  }
}
