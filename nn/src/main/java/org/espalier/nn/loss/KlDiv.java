package org.espalier.nn.loss;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.LossReduction;
import org.espalier.autograd.op.Losses;
import org.espalier.nn.Pass;
import org.espalier.tensor.Tensor;

/**
 * Kullback-Leibler divergence {@code p·(log p - log q)} of outputs {@code log q} from targets p.
 *
 * @param logTarget whether the target holds {@code log p}
 * @param reduction BATCH_MEAN gives the divergence proper, MEAN divides by all entries
 */
public record KlDiv(boolean logTarget, LossReduction reduction) implements Loss {
  /** Creates the divergence proper: the sum divided by the number of samples. */
  public KlDiv() {
    this(false, LossReduction.BATCH_MEAN);
  }

  @Override
  public Var of(Pass pass, Var output, Tensor target) {
    return Losses.klDiv(output, pass.input(target), logTarget, reduction);
  }
}
