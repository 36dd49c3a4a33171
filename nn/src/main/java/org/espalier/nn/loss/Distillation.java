package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Distillation, {@code T²·KL(softmax(teacher/T) || softmax(student/T))} a sample (Hinton et al.
 * 2015); the target are the teacher's logits.
 *
 * @param temperature T
 */
public record Distillation(double temperature) implements Loss {
  /** Creates the loss. */
  public Distillation {
    Targets.positive("distillation: temperature", temperature);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.distillation(output, pass.input(target), temperature);
  }
}
