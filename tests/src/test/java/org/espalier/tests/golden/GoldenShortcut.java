package org.espalier.tests.golden;

import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.AveragePool;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Gather;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Cuts both sides of a shortcut without weights, between a stem that copies and a branch of zeros.
 */
final class GoldenShortcut {
  private GoldenShortcut() {}

  static void check(GoldenCase golden) {
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    int in = golden.integer("channels_in");
    int out = golden.integer("channels_out");
    int stride = golden.integer("stride");
    Sequential model = model(in, out, stride, golden.integer("zero_channels_before"));
    golden.expect("shortcut_full", GoldenStructuredPruningTest.infer(model, x));
    Shape sample = Shape.of(x.shape().size(1), x.shape().size(2), in);
    Set<Integer> keptIn =
        IntStream.of(golden.integers("kept_in")).boxed().collect(Collectors.toSet());
    Set<Integer> keptOut =
        IntStream.of(golden.integers("kept_out")).boxed().collect(Collectors.toSet());
    ChannelGraph graph = ChannelGraph.builder(model, sample).allowOutputs().build();
    graph.select("stem.weight", 0, missing(in, keptIn)).cut();
    int[] left =
        IntStream.range(0, out)
            .filter(k -> !isTied(k, golden.integer("zero_channels_before"), in, keptIn))
            .toArray();
    graph
        .select(
            "block.branch.weight",
            0,
            IntStream.range(0, left.length).filter(i -> !keptOut.contains(left[i])).toArray())
        .cut();
    golden.expect(
        "compact_source_index_per_kept_output",
        IntStream.of(model.parameter("block.shortcut.gather.index").raw().i32()).boxed().toList());
    golden.expect("shortcut_compact", GoldenStructuredPruningTest.infer(model, x));
  }

  /** Tells whether an output channel went with the input channel it names. */
  private static boolean isTied(int k, int front, int in, Set<Integer> keptIn) {
    return k >= front && k < front + in && !keptIn.contains(k - front);
  }

  private static int[] missing(int size, Set<Integer> kept) {
    return IntStream.range(0, size).filter(i -> !kept.contains(i)).toArray();
  }

  private static Sequential model(int in, int out, int stride, int front) {
    int[] index =
        IntStream.range(0, out).map(k -> k >= front && k < front + in ? k - front : -1).toArray();
    Module shortcut =
        Sequential.builder()
            .add("pool", new AveragePool(PoolOptions.kernel(1).withStride(stride)))
            .add("gather", new Gather(index))
            .build();
    ConvConfig config = ConvConfig.kernel(1).withoutBias();
    Sequential whole =
        Sequential.builder()
            .add("stem", new Conv2d(in, in, config))
            .add("block", new Residual(new Conv2d(in, out, config.withStride(stride)), shortcut))
            .build();
    whole.initialize(1);
    whole.parameter("stem.weight").update(raw -> identity(raw, in));
    whole.parameter("block.branch.weight").update(raw -> raw.fill(0));
    return whole;
  }

  private static void identity(Tensor weight, int channels) {
    for (int e = 0; e < weight.count(); e++) {
      weight.set(e, e / channels == e % channels ? 1 : 0);
    }
  }
}
