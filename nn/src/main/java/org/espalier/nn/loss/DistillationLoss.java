package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Losses;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Mixes the loss of the true targets with the divergence from a teacher's softened answers: {@code
 * L = (1-a)·hard(z_s, y) + a·T²·KL(softmax(z_t/T) || softmax(z_s/T))}, the divergence summed over
 * classes and averaged over the batch (Hinton et al. 2015; resource-efficiency survey, S1). The
 * gradient of the second term is {@code a·T·(softmax(z_s/T) - softmax(z_t/T))/B}.
 *
 * @param temperature T, above 0; large ones show how the teacher ranks the wrong classes
 * @param alpha a, the teacher's share, in [0, 1]; at 1 the targets are not looked at
 * @param hard the loss of the true targets
 */
public record DistillationLoss(double temperature, double alpha, Loss hard) {
  /** The temperature where nothing else is said. */
  public static final double DEFAULT_TEMPERATURE = 4;

  /** The teacher's share where nothing else is said. */
  public static final double DEFAULT_ALPHA = 0.9;

  /** Creates the loss with temperature 4, share 0.9 and cross entropy. */
  public DistillationLoss() {
    this(DEFAULT_TEMPERATURE, DEFAULT_ALPHA);
  }

  /** Creates the loss with cross entropy for the true classes. */
  public DistillationLoss(double temperature, double alpha) {
    this(temperature, alpha, new CrossEntropy());
  }

  /** Creates the loss. */
  public DistillationLoss {
    Targets.positive("distillation: temperature", temperature);
    Targets.probability("distillation: alpha", alpha);
  }

  /**
   * Returns the loss of a batch, one number.
   *
   * @param pass the pass of the student's logits
   * @param student logits {@code [..., c]}
   * @param teacher logits of the same shape, not modified; no gradient reaches them
   * @param target what the hard loss takes, not modified
   */
  public Var of(Pass pass, Var student, Tensor teacher, Tensor target) {
    if (!student.shape().equals(teacher.shape())) {
      throw new IllegalArgumentException(
          "distillation: the student's logits are %s, the teacher's %s; both must tell the same classes of the same samples"
              .formatted(student.shape(), teacher.shape()));
    }
    if (alpha == 0) {
      return hard.of(pass, student, target);
    }
    Var soft = Ops.affine(Losses.distillation(student, pass.input(teacher), temperature), alpha, 0);
    return alpha == 1
        ? soft
        : Ops.add(Ops.affine(hard.of(pass, student, target), 1 - alpha, 0), soft);
  }
}
