package org.espalier.cli.recipe;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.io.Checkpoint;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.optim.train.Callback;
import org.espalier.optim.train.Epoch;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.SoftFilterPruning;

/**
 * Zeroes filters softly and cuts them when the run is over: {@code sfp:0.4}, or with a growing
 * ratio {@code asfp:0.4}.
 *
 * @param kind soft filter pruning or its asymptotic form
 * @param ratio the pruned share of the filters
 */
record SoftPruning(Kind kind, double ratio) implements Technique {
  private static final String DENSE = "dense";
  private static final String MASKED = "masked";
  private static final String COMPACT = "compact";
  private static final double EXACT = 1e-5;

  /** The key under which the snapshot of the dense weights says how many epochs it has seen. */
  private static final String EPOCHS_SEEN = "epochs_seen";

  /** Reads the words. */
  static SoftPruning parse(Kind kind, Words words) {
    return new SoftPruning(kind, words.optionsWith("ratio", kind.word() + ":0.4").share("ratio"));
  }

  /** Returns in how many epochs at the end of a run of so many the zeros are held. */
  int held(int epochs) {
    return epochs > 1 ? Math.max(1, epochs / 6) : 0;
  }

  @Override
  public String describe(int epochs) {
    String name = kind.word() + ":" + ratio;
    if (epochs == 0) {
      return name + ", zeros held in the last sixth of the epochs";
    }
    return switch (held(epochs)) {
      case 0 -> name;
      case 1 -> name + ", zeros held in the last epoch";
      default -> name + ", zeros held in the last " + held(epochs) + " epochs";
    };
  }

  /** Refuses a model that has nothing to prune; it is not modified. */
  @Override
  public void prepare(Module model, Site site) {
    SoftFilterPruning.of(site.input(), ratio).prune(Snapshot.of(model, Map.of()).build(), 0);
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    PlannedPruning pruning = new PlannedPruning(site.input(), this);
    trainer.callback(new KeepDense(site.store(), site.meta(), pruning));
    pruning.applyTo(trainer);
  }

  /**
   * Saves the weights before each zeroing, so that the table can show those before the last one.
   */
  private record KeepDense(Snapshot.Store store, Map<String, Object> meta, PlannedPruning pruning)
      implements Callback {
    @Override
    public String name() {
      return "keep the dense weights";
    }

    @Override
    public void epochDone(Epoch epoch) {
      if (pruning.isSoft(epoch)) {
        Map<String, Object> record = new LinkedHashMap<>(meta);
        record.put(EPOCHS_SEEN, (long) epoch.index() + 1);
        store.save(DENSE, Snapshot.of(epoch.model(), record));
      }
    }
  }

  @Override
  public void finish(Ending ending) throws IOException {
    Module compact = ending.copy();
    Compact.mask(ending.model(), ending.input(), Compact.Mode.STREAM_FULL);
    Module masked = ending.model();
    ending.widths(
        Compact.extract(
            compact, ending.input(), Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN));
    Path denseFile = ending.snapshot(DENSE);
    Snapshot before = Checkpoint.load(denseFile);
    ending.addStored(DENSE, before.build(), denseFile);
    ending.explain(
        "dense: the weights after %s of %d epochs, just before the last zeroing; --prune none trains without any"
            .formatted(before.meta().get(EPOCHS_SEEN), ending.epochs()));
    ending.add(MASKED, masked);
    ending.add(COMPACT, compact);
    ending.expectEqual(MASKED, COMPACT, FakeGrids.areOn(masked) ? FakeGrids.SOME_CODES : EXACT);
  }
}
