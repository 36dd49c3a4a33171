package org.espalier.cli.recipe;

import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import org.espalier.nn.Batch;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.optim.train.Closing;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.ConnectionWeights;
import org.espalier.sparse.prune.HeldZeros;
import org.espalier.sparse.prune.unstructured.ConnectionSensitivity;
import org.espalier.sparse.prune.unstructured.HeldConnections;

/**
 * Prunes before the first step what the loss of the first batch feels least, and trains the rest:
 * SNIP, {@code snip:0.9}.
 */
final class OneShotPruning implements Technique {
  private static final String SPARSITY = "sparsity";

  private final NamedOptions options;
  private final double sparsity;

  private OneShotPruning(NamedOptions options) {
    this.options = options;
    this.sparsity = options.share(SPARSITY);
  }

  /** Reads the words; values out of range are refused. */
  static OneShotPruning parse(Words words) {
    return new OneShotPruning(words.optionsWith(SPARSITY, "snip:0.9", "exclude"));
  }

  @Override
  public Kind kind() {
    return Kind.SNIP;
  }

  @Override
  public String describe(int epochs) {
    return "snip:" + sparsity + ", connections masked before the first step";
  }

  @Override
  public void prepare(Module model, Site site) {
    Collection<Parameter> weights =
        ConnectionWeights.of(model, site.input(), List.of(options.list("exclude"))).values();
    Iterator<Batch> batches = site.training().epoch(0, 0);
    try {
      ConnectionSensitivity.prune(
          ConnectionSensitivity.scores(
              ConnectionSensitivity.gradients(model, site.task(), batches.next(), weights)),
          1 - sparsity);
    } finally {
      Closing.close(batches);
    }
    model.state();
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    trainer.callback(new HeldConnections());
  }

  /** Bakes the masks in, as they have not changed since the first step. */
  @Override
  public void finish(Ending ending) {
    HeldZeros.fold(ending.model());
    SparseEnding.finish(ending);
  }
}
