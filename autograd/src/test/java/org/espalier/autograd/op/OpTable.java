package org.espalier.autograd.op;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.op.Row.Domain;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Unary;

/** Lists every op with samples; {@link OpTableTest} asks seven properties of each row. */
final class OpTable {
  private OpTable() {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    products(rows);
    pointwise(rows);
    pools(rows);
    rearrangements(rows);
    norms(rows);
    losses(rows);
    return rows;
  }

  private static void products(List<Row> rows) {
    rows.add(Row.of("linear", new Linear()).in(3, 4).in(5, 4).in(5));
    rows.add(Row.of("linear of rank 3", new Linear()).in(2, 3, 4).in(5, 4).absent());
    for (int c : new int[] {1, 3, 10, 19, 43}) {
      ConvOptions same = ConvOptions.DEFAULT.withPadding(1);
      rows.add(
          Row.of("conv2d of " + c, new Convolution(2, same)).in(2, 4, 3, c).in(c, 3, 3, c).in(c));
      rows.add(
          Row.of("depthwise of " + c, new Convolution(2, same.withGroups(true)))
              .in(2, 4, 3, c)
              .in(c, 3, 3, 1)
              .absent());
    }
    ConvOptions strided =
        ConvOptions.DEFAULT.withStride(2, 1).withPadding(Padding.of(1, 0), Padding.SAME);
    rows.add(
        Row.of("conv2d strided", new Convolution(2, strided)).in(2, 5, 4, 3).in(2, 3, 2, 3).in(2));
    ConvOptions dilated = ConvOptions.DEFAULT.withDilation(2).withPadding(Padding.TF_SAME);
    rows.add(
        Row.of("conv2d dilated", new Convolution(2, dilated))
            .in(1, 5, 6, 2)
            .in(3, 3, 3, 2)
            .absent());
    ConvOptions grouped = ConvOptions.DEFAULT.withGroups(true);
    rows.add(
        Row.of("conv2d grouped", new Convolution(2, grouped)).in(2, 3, 4, 6).in(8, 2, 2, 3).in(8));
    rows.add(
        Row.of("depthwise times 2", new Convolution(2, grouped))
            .in(1, 4, 3, 3)
            .in(6, 3, 3, 1)
            .in(6));
    rows.add(
        Row.of("conv1d", new Convolution(1, strided.withStride(1, 1)))
            .in(2, 7, 3)
            .in(4, 4, 3)
            .in(4));
    rows.add(Row.of("conv1d grouped", new Convolution(1, grouped)).in(2, 5, 4).in(6, 3, 2).in(6));
    rows.add(Row.of("matmul", new MatMul()).in(3, 4).in(4, 2));
    rows.add(Row.of("matmul batched", new MatMul()).in(2, 3, 3, 4).in(2, 3, 4, 2));
    rows.add(
        Row.of(
                "conv2d clamped",
                new Convolution(2, ConvOptions.DEFAULT.withPadding(1), new Clamp(-1, 1.5f)))
            .in(2, 3, 4, 3)
            .in(3, 3, 3, 3)
            .in(3));
    rows.add(
        Row.of("conv1d rectified", new Convolution(1, ConvOptions.DEFAULT, Clamp.RELU))
            .in(2, 5, 4)
            .in(3, 2, 4)
            .absent());
    rows.add(Row.of("scale rectified", new Scale(true)).in(2, 3, 2, 5).in(5).in(5));
    rows.add(Row.of("shift rectified", new Scale(true)).in(4, 3).absent().in(3));
    rows.add(Row.of("scale", new Scale()).in(2, 3, 2, 5).in(5).in(5));
    rows.add(Row.of("scale without shift", new Scale()).in(4, 3).in(3).absent());
    rows.add(Row.of("shift without scale", new Scale()).in(4, 3).absent().in(3));
    rows.add(Row.of("gate", new Gate()).in(2, 3, 2, 5).in(2, 5));
    rows.add(Row.of("gate of rank 2", new Gate()).in(2, 5).in(2, 5));
  }

  private static void pointwise(List<Row> rows) {
    for (Unary unary : Unary.values()) {
      double a =
          unary == Unary.SOFTPLUS ? 2 : unary == Unary.HARD_TANH || unary == Unary.CLAMP ? -1 : 0.3;
      double b = unary == Unary.SOFTPLUS ? 20 : 1;
      rows.add(
          Row.of(unary.name().toLowerCase(java.util.Locale.ROOT), new Pointwise(unary, a, b))
              .in(Domain.of(unary.domain()), 2, 3, 5));
    }
    for (Binary binary : Binary.values()) {
      rows.add(
          Row.of(
                  binary.name().toLowerCase(java.util.Locale.ROOT) + " of two",
                  new Elementwise(binary))
              .in(2, 3, 5)
              .in(Domain.AWAY_FROM_ZERO, 2, 3, 5));
    }
    rows.add(Row.of("prelu", new PRelu()).in(Domain.AWAY_FROM_ZERO, 2, 3, 4).in(4));
    rows.add(Row.of("prelu shared", new PRelu()).in(Domain.AWAY_FROM_ZERO, 2, 3, 4).in(1));
    rows.add(Row.of("softmax", new Softmax(-1, false)).in(3, 5).mixing(1));
    rows.add(Row.of("softmax over positions", new Softmax(1, false)).in(2, 4, 3).mixing(1));
    rows.add(Row.of("log softmax", new Softmax(-1, true)).in(3, 5).mixing(1));
    rows.add(
        Row.of("dropout", new Dropout(0.3, 5, false)).in(2, 3, 4).mixing(0, 1, 2).positional());
    rows.add(
        Row.of("dropout of channels", new Dropout(0.5, 5, true))
            .in(2, 3, 2, 4)
            .mixing(0, 3)
            .positional());
    rows.add(Row.of("dropout of everything", new Dropout(1, 5, false)).in(2, 3));
  }

  private static void pools(List<Row> rows) {
    PoolOptions three = PoolOptions.kernel(3).withStride(2).withPadding(1);
    PoolOptions ceil = PoolOptions.kernel(2, 3).withStride(2).withCeilMode(true);
    PoolWindow two = new PoolWindow.Adaptive(2);
    PoolWindow four = new PoolWindow.Adaptive(4);
    PoolOptions dilated = PoolOptions.kernel(2).withStride(1).withDilation(2);
    PoolOptions real = three.withCountIncludePad(false);
    rows.add(Row.of("max pool", new MaxPool(2, three.height(), three.width())).in(2, 5, 4, 3));
    rows.add(Row.of("max pool ceil", new MaxPool(2, ceil.height(), ceil.width())).in(1, 5, 6, 2));
    rows.add(
        Row.of("max pool dilated", new MaxPool(2, dilated.height(), dilated.width()))
            .in(1, 5, 4, 2));
    rows.add(Row.of("max pool 1-d", new MaxPool(1, three.height(), three.width())).in(2, 7, 3));
    rows.add(Row.of("adaptive max pool", new MaxPool(2, two, four)).in(1, 5, 7, 2));
    rows.add(
        Row.of("average pool", new AveragePool(2, three.height(), three.width())).in(2, 5, 4, 3));
    rows.add(
        Row.of("average pool real", new AveragePool(2, real.height(), real.width()))
            .in(2, 5, 4, 3));
    rows.add(
        Row.of("average pool ceil", new AveragePool(2, ceil.height(), ceil.width()))
            .in(1, 5, 6, 2));
    rows.add(
        Row.of("average pool 1-d", new AveragePool(1, three.height(), three.width())).in(2, 7, 3));
    rows.add(Row.of("adaptive average pool", new AveragePool(2, two, four)).in(1, 5, 7, 2));
    rows.add(Row.of("global average pool", new GlobalAveragePool()).in(2, 3, 4, 5));
    rows.add(Row.of("global average pool 1-d", new GlobalAveragePool()).in(2, 3, 5));
    for (PadMode mode : PadMode.values()) {
      rows.add(Row.of("pad " + mode, new Pad(2, mode, 1, 2, 0, 3)).in(2, 3, 4, 2));
    }
    rows.add(Row.of("pad 1-d", new Pad(1, PadMode.REFLECT, 0, 0, 2, 1)).in(2, 4, 3));
    for (Interpolate.Mode mode : Interpolate.Mode.values()) {
      rows.add(Row.of("interpolate " + mode, new Interpolate(2, mode, 5, 3)).in(2, 3, 4, 2));
    }
    rows.add(
        Row.of("interpolate 1-d", new Interpolate(1, Interpolate.Mode.LINEAR, 1, 7)).in(2, 4, 3));
  }

  private static AxisSpec spec(String text) {
    return AxisSpec.of("x: " + text);
  }

  private static void rearrangements(List<Row> rows) {
    rows.add(
        Row.of("flatten", new Rearrange(spec("n h w c -> n (h w c)"), Map.of())).in(2, 3, 2, 4));
    rows.add(
        Row.of("shuffle", new Rearrange(spec("... (g c) -> ... (c g)"), Map.of("g", 2)))
            .in(2, 3, 6));
    rows.add(Row.of("permute", new Rearrange(spec("n h w c -> n c w h"), Map.of())).in(2, 3, 2, 4));
    rows.add(
        Row.of("unflatten", new Rearrange(spec("n (h w c) -> n h w c"), Map.of("h", 2, "w", 3)))
            .in(2, 12));
    rows.add(Row.of("squeeze", new Rearrange(spec("n h c -> n c p"), Map.of("p", 1))).in(2, 1, 3));
    rows.add(Row.of("concat", new Concat(-1)).in(2, 3).in(2, 1).in(2, 4));
    rows.add(Row.of("concat of rows", new Concat(1)).in(2, 3, 2).in(2, 1, 2));
    rows.add(Row.of("slice", new Slice(-1, 1, 3)).in(2, 3, 4));
    rows.add(Row.of("slice of rows", new Slice(1, 0, 2)).in(2, 3, 4));
    rows.add(Row.of("gather", new Gather(0)).in(2, 3, 4).index(2, -1, 0, 3, 2));
    rows.add(Row.of("gather of rows", new Gather(1)).in(2, 3, 4).index(2, -1, 0));
    rows.add(
        Row.of("scatter", new Scatter(0, 6))
            .in(2, 3, 4)
            .index(5, -1, 0, 3)
            .afterCut(op -> new Scatter(0, ((Scatter) op).channels() - 1)));
    rows.add(Row.of("repeat", new Repeat(spec("n c -> n h w c"), Map.of("h", 2, "w", 3))).in(2, 4));
    rows.add(Row.of("sum", new Reduce(Reduction.SUM, spec("n h w c -> n c"))).in(2, 3, 2, 4));
    rows.add(
        Row.of("mean", new Reduce(Reduction.MEAN, spec("... -> "))).in(2, 3, 4).mixing(0, 1, 2));
    rows.add(Row.of("maximum", new Reduce(Reduction.MAX, spec("n h c -> n h"))).in(2, 3, 4));
  }

  private static void norms(List<Row> rows) {
    rows.add(Row.of("batch norm", new BatchNorm(1e-5)).in(3, 2, 2, 5).in(5).in(5).mixing(0, 1, 2));
    rows.add(
        Row.of("batch norm rectified", new BatchNorm(1e-5, true))
            .in(3, 2, 2, 5)
            .in(5)
            .in(5)
            .mixing(0, 1, 2));
    rows.add(Row.of("batch norm plain", new BatchNorm(1e-3)).in(6, 3).absent().absent().mixing(0));
    rows.add(Row.of("layer norm", new LayerNorm(1, 1e-5)).in(2, 3, 5).in(5).in(5).mixing(2));
    rows.add(
        Row.of("layer norm of two axes", new LayerNorm(2, 1e-5))
            .in(2, 3, 5)
            .in(3, 5)
            .in(3, 5)
            .mixing(1, 2));
    rows.add(
        Row.of("instance norm", new InstanceNorm(1e-5)).in(2, 3, 2, 4).in(4).in(4).mixing(1, 2));
    rows.add(
        Row.of("instance norm plain", new InstanceNorm(1e-5))
            .in(2, 5, 4)
            .absent()
            .absent()
            .mixing(1));
    rows.add(
        Row.of("group norm", new GroupNorm(2, 1e-5)).in(2, 3, 2, 6).in(6).in(6).mixing(1, 2, 3));
    rows.add(
        Row.of("group norm plain", new GroupNorm(3, 1e-5))
            .in(2, 4, 6)
            .absent()
            .absent()
            .mixing(1, 2));
    rows.add(Row.of("sample norm", new SampleNorm(1e-3)).in(2, 3, 4).in(1).in(1).mixing(1, 2));
  }

  private static void losses(List<Row> rows) {
    for (LossReduction reduction : new LossReduction[] {LossReduction.MEAN, LossReduction.NONE}) {
      rows.add(
          Row.of("nll " + reduction, new NegativeLogLikelihood(reduction, -100, 0))
              .in(4, 3)
              .index(2, -100, 0, 1)
              .absent()
              .mixing(0, 1));
    }
    rows.add(
        Row.of("nll smoothed", new NegativeLogLikelihood(LossReduction.SUM, 0, 0.2))
            .in(2, 2, 3)
            .index(Shape.of(2, 2), 2, 0, 1, 1)
            .constant(Domain.POSITIVE, 3)
            .mixing(0, 1, 2));
    rows.add(
        Row.of("bce", new BinaryCrossEntropy())
            .in(3, 4)
            .constant(Domain.PROBABILITY, 3, 4)
            .constant(Domain.POSITIVE, 4)
            .constant(Domain.POSITIVE, 4));
    rows.add(
        Row.of("bce plain", new BinaryCrossEntropy())
            .in(3, 4)
            .constant(Domain.PROBABILITY, 3, 4)
            .absent()
            .absent());
    rows.add(Row.of("kl", new KullbackLeibler(false)).in(3, 4).constant(Domain.PROBABILITY, 3, 4));
    rows.add(
        Row.of("kl of logarithms", new KullbackLeibler(true)).in(3, 4).constant(Domain.ANY, 3, 4));
  }
}
