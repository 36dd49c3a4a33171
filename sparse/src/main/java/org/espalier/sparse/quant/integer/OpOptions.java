package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Op;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Gather;
import org.espalier.autograd.op.GlobalAveragePool;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.MaxPool;
import org.espalier.autograd.op.Pad;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.autograd.op.PoolWindow;
import org.espalier.autograd.op.Rearrange;
import org.espalier.autograd.op.Scale;
import org.espalier.autograd.op.Scatter;
import org.espalier.autograd.op.Slice;
import org.espalier.nn.Spec;
import org.espalier.tensor.FormatException;

/** Writes the float ops that integer layers go by as options of a spec, and reads them again. */
final class OpOptions {
  private static final String OP = "op";
  private static final String NUMBERS = "numbers";
  private static final String AXES = "axes";
  private static final String SIZES = "sizes";
  private static final String PADDING = "padding";

  private OpOptions() {}

  /** Tells whether an op only moves numbers, and can be saved. */
  static boolean isMove(Op op) {
    return op instanceof Rearrange
        || op instanceof Gather
        || op instanceof Scatter
        || op instanceof Slice
        || op instanceof Pad;
  }

  /** Adds an op to a spec. */
  static Spec describe(Op op, Spec spec) {
    if (op instanceof Convolution conv) {
      return convolution(conv, spec);
    }
    if (op instanceof MaxPool pool) {
      return windows(spec, "max_pool", pool.dimensions(), pool.height(), pool.width());
    }
    if (op instanceof AveragePool pool) {
      return windows(spec, "average_pool", pool.dimensions(), pool.height(), pool.width());
    }
    if (op instanceof Rearrange move) {
      List<String> sizes = new ArrayList<>();
      move.sizes().forEach((letter, size) -> sizes.add(letter + "=" + size));
      return spec.with(OP, "rearrange").with(AXES, move.spec().text()).with(SIZES, sizes);
    }
    if (op instanceof Pad pad) {
      return numbers(
              spec, "pad", pad.dimensions(), pad.top(), pad.bottom(), pad.left(), pad.right())
          .with(PADDING, pad.mode().name());
    }
    if (op instanceof Gather gather) {
      return numbers(spec, "gather", gather.inner());
    }
    if (op instanceof Scatter scatter) {
      return numbers(spec, "scatter", scatter.inner(), scatter.channels());
    }
    if (op instanceof Slice slice) {
      return numbers(spec, "slice", slice.axis(), slice.from(), slice.to());
    }
    if (op instanceof Concat concat) {
      return numbers(spec, "concat", concat.axis());
    }
    if (op instanceof Linear || op instanceof Scale || op instanceof GlobalAveragePool) {
      return spec.with(OP, op.name());
    }
    throw new IllegalArgumentException("integer model: '" + op.name() + "' cannot be saved");
  }

  private static Spec numbers(Spec spec, String op, int... numbers) {
    List<Long> list = new ArrayList<>();
    for (int number : numbers) {
      list.add((long) number);
    }
    return spec.with(OP, op).with(NUMBERS, list);
  }

  private static Spec convolution(Convolution conv, Spec spec) {
    ConvOptions options = conv.options();
    return numbers(
            spec,
            "convolution",
            conv.dimensions(),
            options.strideHeight(),
            options.strideWidth(),
            options.dilationHeight(),
            options.dilationWidth(),
            options.paddingHeight().before(),
            options.paddingHeight().after(),
            options.paddingWidth().before(),
            options.paddingWidth().after(),
            options.grouped() ? 1 : 0)
        .with(
            PADDING,
            List.of(options.paddingHeight().mode().name(), options.paddingWidth().mode().name()));
  }

  private static Spec windows(
      Spec spec, String op, int dimensions, PoolWindow height, PoolWindow width) {
    return numbers(spec, op, dimensions)
        .with("height", window(height))
        .with("width", window(width));
  }

  private static List<Long> window(PoolWindow window) {
    if (window instanceof PoolWindow.Adaptive adaptive) {
      return List.of((long) adaptive.size());
    }
    PoolWindow.Fixed fixed = (PoolWindow.Fixed) window;
    return List.of(
        (long) fixed.kernel(),
        (long) fixed.stride(),
        (long) fixed.padding(),
        (long) fixed.dilation(),
        fixed.ceilMode() ? 1L : 0L,
        fixed.countIncludePad() ? 1L : 0L);
  }

  /** Reads the op of a spec. */
  static Op op(Spec spec) {
    String name = spec.text(OP);
    int[] n = spec.options().containsKey(NUMBERS) ? spec.integers(NUMBERS) : new int[0];
    return switch (name) {
      case "convolution" -> convolution(spec, n);
      case "max_pool" -> new MaxPool(n[0], window(spec, "height"), window(spec, "width"));
      case "average_pool" -> new AveragePool(n[0], window(spec, "height"), window(spec, "width"));
      case "rearrange" -> rearrange(spec);
      case "pad" -> new Pad(n[0], PadMode.valueOf(spec.text(PADDING)), n[1], n[2], n[3], n[4]);
      case "gather" -> new Gather(n[0]);
      case "scatter" -> new Scatter(n[0], n[1]);
      case "slice" -> new Slice(n[0], n[1], n[2]);
      case "concat" -> new Concat(n[0]);
      case "linear" -> new Linear();
      case "scale" -> new Scale();
      case "global_average_pool" -> new GlobalAveragePool();
      default ->
          throw new FormatException(
              "integer model: this version knows no op '" + name + "'; use a newer one");
    };
  }

  private static Convolution convolution(Spec spec, int[] n) {
    List<String> modes = spec.texts(PADDING);
    return new Convolution(
        n[0],
        new ConvOptions(
            n[1],
            n[2],
            n[3],
            n[4],
            new Padding(Padding.Mode.valueOf(modes.get(0)), n[5], n[6]),
            new Padding(Padding.Mode.valueOf(modes.get(1)), n[7], n[8]),
            n[9] == 1));
  }

  private static PoolWindow window(Spec spec, String axis) {
    int[] n = spec.integers(axis);
    return n.length == 1
        ? new PoolWindow.Adaptive(n[0])
        : new PoolWindow.Fixed(n[0], n[1], n[2], n[3], n[4] == 1, n[5] == 1);
  }

  private static Rearrange rearrange(Spec spec) {
    Map<String, Integer> sizes = new LinkedHashMap<>();
    for (String size : spec.texts(SIZES)) {
      String[] sides = size.split("=", 2);
      sizes.put(sides[0], Integer.parseInt(sides[1]));
    }
    return new Rearrange(AxisSpec.of(spec.text(AXES)), sizes);
  }
}
