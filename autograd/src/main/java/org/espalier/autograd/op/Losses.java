package org.espalier.autograd.op;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Unary;

/**
 * Offers every loss as a plain call (layers reference, section 8), from logits where there is a
 * choice, so that nothing overflows. Classes are the last axis. Targets and weights are constants.
 */
public final class Losses {
  /** The target that contributes nothing, unless a call names another one. */
  public static final int IGNORE_INDEX = -100;

  private Losses() {}

  /** Returns the mean cross entropy of logits {@code [..., c]} and I32 classes {@code [...]}. */
  public static Var crossEntropy(Var logits, Var targets) {
    return crossEntropy(logits, targets, null, IGNORE_INDEX, 0, LossReduction.MEAN);
  }

  /**
   * Returns the cross entropy of logits and classes.
   *
   * @param logits {@code [..., c]}
   * @param targets I32 class numbers {@code [...]}
   * @param weights one weight a class {@code [c]}, or null
   * @param ignoreIndex the target that contributes nothing
   * @param labelSmoothing share of the target spread evenly over all classes
   * @param reduction what becomes of the single losses; the mean divides by the targets' weights
   */
  public static Var crossEntropy(
      Var logits,
      Var targets,
      Var weights,
      int ignoreIndex,
      double labelSmoothing,
      LossReduction reduction) {
    Var logarithms = Ops.logSoftmax(logits, -1);
    return Tape.run(
        new NegativeLogLikelihood(reduction, ignoreIndex, labelSmoothing),
        logarithms,
        targets,
        weights);
  }

  /** Returns the loss of I32 classes on log-probabilities; weights {@code [c]} or null. */
  public static Var nll(
      Var logarithms, Var targets, Var weights, int ignoreIndex, LossReduction reduction) {
    return Tape.run(
        new NegativeLogLikelihood(reduction, ignoreIndex, 0), logarithms, targets, weights);
  }

  /**
   * Returns {@code -Σ_c w_c·t_c·log softmax(x)_c} for targets that are probabilities; the mean is
   * taken over all positions.
   *
   * @param logits {@code [..., c]}
   * @param targets probabilities {@code [..., c]}
   * @param weights one weight a class {@code [c]}, or null
   * @param labelSmoothing share e of {@code (1 - e)·t + e/C}
   * @param reduction what becomes of the positions' losses
   */
  public static Var softCrossEntropy(
      Var logits, Var targets, Var weights, double labelSmoothing, LossReduction reduction) {
    Checks.probability("soft_cross_entropy", labelSmoothing);
    Checks.reduction("soft_cross_entropy", reduction);
    if (targets.tape() == null || targets.tape().mode().computes()) {
      Checks.probabilities("soft_cross_entropy", "target", targets.value());
    }
    Var smooth = targets;
    if (labelSmoothing != 0) {
      double spread = labelSmoothing / logits.shape().size(-1);
      smooth = Ops.affine(targets, 1 - labelSmoothing, spread);
    }
    Var products = Ops.mul(Ops.logSoftmax(logits, -1), smooth);
    if (weights != null) {
      products = Ops.scale(products, weights, null);
    }
    Var losses = Ops.affine(Ops.reduce(Reduction.SUM, products, "... c -> ..."), -1, 0);
    return reduce(losses, reduction);
  }

  /**
   * Returns the binary cross entropy of logits and probabilities of equal shape {@code [..., c]}.
   *
   * @param logits the logits
   * @param targets the probabilities
   * @param weights one weight a class {@code [c]}, or null
   * @param positiveWeights the weight of the positive part a class {@code [c]}, or null
   * @param reduction what becomes of the single losses; the mean is over all entries
   */
  public static Var bceWithLogits(
      Var logits, Var targets, Var weights, Var positiveWeights, LossReduction reduction) {
    Checks.reduction("bce_with_logits", reduction);
    Var losses = Tape.run(new BinaryCrossEntropy(), logits, targets, weights, positiveWeights);
    return reduce(losses, reduction);
  }

  /** Returns {@code (x - t)²}, reduced. */
  public static Var mse(Var x, Var target, LossReduction reduction) {
    Checks.reduction("mse", reduction);
    return reduce(Ops.pointwise(Unary.SQUARE, 0, 0, Ops.sub(x, target)), reduction);
  }

  /** Returns {@code |x - t|}, reduced. */
  public static Var l1(Var x, Var target, LossReduction reduction) {
    Checks.reduction("l1", reduction);
    return reduce(Ops.pointwise(Unary.ABS, 0, 0, Ops.sub(x, target)), reduction);
  }

  /** Returns {@code |d| < beta: d²/(2·beta), else |d| - beta/2} for {@code d = x - t}, reduced. */
  public static Var smoothL1(Var x, Var target, double beta, LossReduction reduction) {
    Checks.epsilon("smooth_l1", beta);
    Checks.reduction("smooth_l1", reduction);
    return reduce(Ops.pointwise(Unary.SMOOTH_L1, beta, 0, Ops.sub(x, target)), reduction);
  }

  /** Returns {@code |d| < delta: d²/2, else delta·(|d| - delta/2)} for {@code d = x - t}. */
  public static Var huber(Var x, Var target, double delta, LossReduction reduction) {
    Checks.positive("huber", "delta", delta);
    return Ops.affine(smoothL1(x, target, delta, reduction), delta, 0);
  }

  /**
   * Returns the Kullback-Leibler divergence of log-probabilities from a target distribution.
   *
   * @param logarithms {@code ln q}
   * @param target p, or {@code ln p}
   * @param logTarget whether the target holds {@code ln p}
   * @param reduction BATCH_MEAN gives the divergence proper, MEAN divides by all entries
   */
  public static Var klDiv(Var logarithms, Var target, boolean logTarget, LossReduction reduction) {
    Var losses = Tape.run(new KullbackLeibler(logTarget), logarithms, target);
    if (reduction == LossReduction.BATCH_MEAN) {
      double samples = logarithms.shape().size(0);
      return Ops.affine(reduce(losses, LossReduction.SUM), 1 / samples, 0);
    }
    return reduce(losses, reduction);
  }

  /**
   * Returns {@code T²·KL(softmax(teacher/T) || softmax(student/T))} a sample (Hinton et al. 2015).
   */
  public static Var distillation(Var student, Var teacher, double temperature) {
    Checks.positive("distillation", "temperature", temperature);
    Var q = Ops.logSoftmax(Ops.affine(student, 1 / temperature, 0), -1);
    Var p = Ops.logSoftmax(Ops.affine(teacher, 1 / temperature, 0), -1);
    Var divergence = klDiv(q, p, true, LossReduction.BATCH_MEAN);
    return Ops.affine(divergence, temperature * temperature, 0);
  }

  /** Returns {@code Σ|w|}, with subgradient 0 at 0. */
  public static Var l1Penalty(Var weight) {
    return reduce(Ops.pointwise(Unary.ABS, 0, 0, weight), LossReduction.SUM);
  }

  private static Var reduce(Var losses, LossReduction reduction) {
    return switch (reduction) {
      case NONE -> losses;
      case SUM -> Ops.reduce(Reduction.SUM, losses, "... ->");
      case MEAN -> Ops.reduce(Reduction.MEAN, losses, "... ->");
      case BATCH_MEAN -> throw new IllegalStateException("checked by the caller");
    };
  }
}
