package org.espalier.sparse.prune.criterion.filter;

import org.espalier.nn.Batches;
import org.espalier.nn.Module;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.optim.Goal;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.Trainer;

/**
 * States how a pruned network is trained on: a quarter of the first training's epochs at a small
 * constant rate (Li et al., "Pruning Filters for Efficient ConvNets", ICLR 2017, sections 3.4 and
 * 4).
 *
 * @param epochs how many epochs
 * @param rate the learning rate
 */
public record Retraining(int epochs, double rate) {
  /** 40 epochs at 0.001. */
  public static final Retraining CIFAR10 = new Retraining(40, 0.001);

  /** 20 epochs at 0.001. */
  public static final Retraining IMAGENET = new Retraining(20, 0.001);

  /**
   * Returns a trainer's builder with the paper's settings: SGD with momentum 0.9 and weight decay
   * 1e-4, and the best validation accuracy watched, which is what the paper reports.
   */
  public Trainer.Builder trainer(Module model, Batches train, Batches validation) {
    Sgd sgd = Sgd.builder().rate(rate).momentum(0.9).weightDecay(1e-4).build();
    return Trainer.builder(model, new CrossEntropy(), sgd, train)
        .epochs(epochs)
        .validation(validation)
        .watch("val_accuracy", Goal.MAXIMIZE);
  }
}
