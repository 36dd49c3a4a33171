package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleBiFunction;
import org.espalier.nn.Module;
import org.espalier.nn.Snapshot;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelSelection;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.tensor.Shape;

/**
 * Pruned networks against their own dense ones: the ratio is the speed-up divided by that of the
 * multiply-accumulates. The channels that go are silent in the dense network, so that both compute
 * the same.
 */
final class PrunedGroup implements Group {
  private static final Shape IMAGE = Shape.of(32, 32, 3);

  /**
   * Silences channels of the first model and cuts them from its copy; returns the multiply-adds of
   * the first by those of the second.
   */
  @FunctionalInterface
  private interface Recipe extends ToDoubleBiFunction<Module, Module> {}

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int batch : new int[] {1, 64}) {
      contests.add(contest("vgg16", "half", batch, PrunedGroup::half));
      contests.add(contest("resnet56", "half", batch, PrunedGroup::half));
      contests.add(contest("resnet20", "sfp 0.4", batch, PrunedGroup::softFilterPruning));
      contests.add(contest("resnet56", "sfp 0.4", batch, PrunedGroup::softFilterPruning));
    }
    return contests;
  }

  private static Contest contest(String name, String how, int batch, Recipe recipe) {
    long seed = System.nanoTime();
    return new Contest(
        "pruned",
        name + " " + how + " batch " + batch,
        "dense",
        () -> {
          Module dense = Nets.make(name, IMAGE, 10, seed);
          Module compact = Snapshot.of(dense, Map.of()).build();
          double work = recipe.applyAsDouble(dense, compact);
          float[] images = Nets.images(batch, IMAGE, seed);
          return new Sides(
              new Inference.Ours(compact, images, batch, IMAGE),
              new Inference.Ours(dense, images, batch, IMAGE),
              work);
        });
  }

  private static double half(Module dense, Module compact) {
    cuts(dense).silence();
    long before = ChannelGraph.of(dense, IMAGE).macs();
    cuts(compact).cut();
    return (double) before / ChannelGraph.of(compact, IMAGE).macs();
  }

  private static ChannelSelection cuts(Module model) {
    return Pruner.local(L1Norm.ofGroups(), 0.5).plan(ChannelGraph.of(model, IMAGE)).cuts();
  }

  private static double softFilterPruning(Module dense, Module compact) {
    SoftFilterPruning pruning = SoftFilterPruning.of(IMAGE, 0.4);
    pruning.prune(dense, 0);
    pruning.prune(compact, 0);
    Compact.mask(dense, IMAGE, Compact.Mode.STREAM_FULL);
    CompactReport report =
        Compact.extract(compact, IMAGE, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    return (double) report.macsBefore() / report.macsAfter();
  }
}
