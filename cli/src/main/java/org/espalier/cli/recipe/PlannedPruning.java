package org.espalier.cli.recipe;

import org.espalier.nn.Module;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.HeldZeros;
import org.espalier.sparse.prune.PruneSchedule;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.tensor.Shape;

/**
 * Prunes softly by a recipe whose schedule follows the number of epochs that the run turns out to
 * have: under a time budget that is known only when the first epoch is measured. The zeros are held
 * in the last epochs, so that the cut takes nothing that counted.
 *
 * @param input the shape of one sample
 * @param recipe method and ratio
 */
record PlannedPruning(Shape input, SoftPruning recipe) implements Callback {
  /**
   * The norm that the gradient of a step is clipped to.
   *
   * <p>Batch norm divides the gradient of a filter by the deviation of what the filter gives, which
   * is {@code √eps} where it was zeroed: 300 times as much as usual. Without clipping, one step
   * throws such a filter far out; it then outranks all trained filters, which are zeroed in its
   * place after the next epoch, and its own direction hardly moves any more. A ResNet-20 of 12
   * epochs on drawn shapes ended at 93 to 96 % instead of 99 %.
   */
  static final double CLIP_NORM = 1;

  /** Makes a run prune by this recipe; the builder is modified. */
  void applyTo(Trainer.Builder builder) {
    builder.clipNorm(CLIP_NORM).callback(this);
  }

  @Override
  public String name() {
    return "soft filter pruning";
  }

  @Override
  public void epochStart(Epoch epoch) {
    pruning(epoch.epochs()).epochStart(epoch);
  }

  @Override
  public void epochDone(Epoch epoch) {
    pruning(epoch.epochs()).epochDone(epoch);
  }

  @Override
  public int epochsToClose(Epoch epoch) {
    return isSoft(epoch) ? fitting(epoch.index() + 1) : 0;
  }

  /** Returns how many held epochs follow when the soft phase ends after so many. */
  int fitting(int soft) {
    int held = 1;
    while (recipe.held(soft + held) > held) {
      held++;
    }
    return held;
  }

  @Override
  public void runDone(Module model) {
    HeldZeros.fold(model);
  }

  /** Tells whether an epoch, as far as is known, comes before those with held zeros. */
  boolean isSoft(Epoch epoch) {
    return epoch.index() < epoch.epochs() - recipe.held(epoch.epochs());
  }

  private SoftFilterPruning pruning(int epochs) {
    int soft = epochs - recipe.held(epochs);
    // A single epoch leaves an asymptotic ratio no room to grow: it is the goal at once.
    boolean grows = recipe.kind() == Kind.ASFP && soft > 1;
    return SoftFilterPruning.builder(
            input,
            grows
                ? PruneSchedule.asymptotic(0, recipe.ratio(), soft)
                : PruneSchedule.constant(recipe.ratio()))
        .hold(epochs - soft)
        .build();
  }
}
