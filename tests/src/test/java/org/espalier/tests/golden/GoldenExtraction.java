package org.espalier.tests.golden;

import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.BatchNormConfig;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Scatter;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Extracts small blocks whose zeroed filters still emit the constants of their batch norms. */
final class GoldenExtraction {
  private GoldenExtraction() {}

  private static Tensor infer(Module model, Tensor x) {
    return GoldenStructuredPruningTest.infer(model, x);
  }

  private static Shape sample(Tensor x) {
    return Shape.of(x.shape().size(1), x.shape().size(2), x.shape().size(3));
  }

  private static CompactReport extract(Module model, Tensor x, MaskPolicy policy) {
    return Compact.extract(model, sample(x), Compact.Mode.STREAM_FULL, policy);
  }

  /** Returns a convolution with the case's weight; filters outside the kept ones are zero. */
  private static Conv2d conv(GoldenCase golden, String key, String keptKey, int padding) {
    Tensor file = golden.tensor(key, DType.F32);
    Shape shape = file.shape();
    boolean bias = golden.has(key + "_bias");
    Conv2d conv =
        new Conv2d(
            shape.size(1),
            shape.size(0),
            ConvConfig.kernel(shape.size(2), shape.size(3)).withPadding(padding).withBias(bias));
    conv.initialize(1);
    conv.weight().set(ChannelsLast.of(file));
    if (bias) {
      conv.bias().set(golden.tensor(key + "_bias", DType.F32));
    }
    if (keptKey != null) {
      Set<Integer> kept =
          IntStream.of(golden.integers(keptKey)).boxed().collect(Collectors.toSet());
      int row = file.count() / shape.size(0);
      conv.weight()
          .update(
              raw -> {
                for (int e = 0; e < raw.count(); e++) {
                  raw.set(e, kept.contains(e / row) ? raw.get(e) : 0);
                }
              });
    }
    return conv;
  }

  private static BatchNorm norm(GoldenCase golden, String key) {
    Map<String, Object> values = GoldenCase.map(golden.inputs().get(key));
    Tensor gamma = GoldenCase.tensor(values.get("weight"), DType.F32);
    BatchNorm norm =
        new BatchNorm(
            gamma.count(), BatchNormConfig.PYTORCH.withEps(golden.number("bn_eps", 1e-5)));
    norm.initialize(1);
    values.forEach((name, json) -> norm.parameter(name).set(GoldenCase.tensor(json, DType.F32)));
    return norm;
  }

  private static Module block(GoldenCase golden) {
    Sequential.Builder branch = Sequential.builder();
    for (int i = 1; golden.has("conv" + i); i++) {
      int kernel = golden.tensor("conv" + i, DType.F32).shape().size(2);
      if (i > 1) {
        branch.add("relu" + (i - 1), Activation.relu());
      }
      branch
          .add("conv" + i, conv(golden, "conv" + i, "keep_conv" + i, kernel / 2))
          .add("bn" + i, norm(golden, "bn" + i));
    }
    return Sequential.builder()
        .add("block", new Residual(branch.build()))
        .add("relu", Activation.relu())
        .build();
  }

  static void bottleneck(GoldenCase golden) {
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    golden.expect("output_only_conv_weights_zeroed", infer(block(golden), x));
    Module dropped = block(golden);
    extract(dropped, x, MaskPolicy.DROP_CONSTANT);
    golden.expect("output_released_small_block", infer(dropped, x));
    Scatter scatter = (Scatter) dropped.modules().get("block.branch.scatter");
    golden.expect("block_output_constant_of_pruned_channels", scatter.constant().raw());
    Module masked = block(golden);
    Compact.mask(masked, sample(x), Compact.Mode.STREAM_FULL);
    golden.expect("output_bn_also_masked_everywhere", infer(masked, x));
    Module compact = block(golden);
    extract(compact, x, MaskPolicy.MASK_WITH_BN);
    golden.expect("output_bn_also_masked_everywhere", infer(compact, x));
  }

  private static Module chainOf(GoldenCase golden) {
    int kernel = golden.tensor("A", DType.F32).shape().size(2);
    return Sequential.builder()
        .add("A", conv(golden, "A", "keep", kernel / 2))
        .add("bn", norm(golden, "bn"))
        .add("relu", Activation.relu())
        .add("B", conv(golden, "B", null, golden.integer("B_padding")))
        .build();
  }

  static void chain(GoldenCase golden) {
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    golden.expect("output_weights_zeroed_only", infer(chainOf(golden), x));
    Module dropped = chainOf(golden);
    extract(dropped, x, MaskPolicy.DROP_CONSTANT);
    golden.expect("output_compact_constants_dropped", infer(dropped, x));
    Module folded = chainOf(golden);
    CompactReport report = extract(folded, x, MaskPolicy.FOLD_CONSTANT);
    golden.expect("folded_bias", folded.parameter("B.bias").raw());
    golden.expect("output_compact_constants_folded", infer(folded, x));
    golden.expect("fold_is_exact_everywhere", report.inexact().isEmpty());
  }
}
