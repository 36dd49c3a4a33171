package org.espalier.nn.layer;

import java.util.List;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.autograd.op.PoolWindow;
import org.espalier.nn.Module;
import org.espalier.nn.Spec;

/**
 * Is what the pooling layers with fixed windows share: the options, which it writes as data and
 * reads back.
 */
abstract class Pooling extends Module {
  private static final String KERNEL = "kernel";
  private static final String STRIDE = "stride";
  private static final String PADDING = "padding";
  private static final String DILATION = "dilation";
  private static final String CEIL_MODE = "ceilMode";
  private static final String COUNT_INCLUDE_PAD = "countIncludePad";

  final PoolOptions options;
  private final String type;

  Pooling(String type, PoolOptions options) {
    this.type = type;
    this.options = options;
  }

  @Override
  protected final Spec describe() {
    PoolWindow.Fixed rows = options.height();
    PoolWindow.Fixed columns = options.width();
    return Spec.of(type)
        .with(KERNEL, List.of(rows.kernel(), columns.kernel()))
        .with(STRIDE, List.of(rows.stride(), columns.stride()))
        .with(PADDING, List.of(rows.padding(), columns.padding()))
        .with(DILATION, List.of(rows.dilation(), columns.dilation()))
        .with(CEIL_MODE, rows.ceilMode())
        .with(COUNT_INCLUDE_PAD, rows.countIncludePad());
  }

  /** Returns the options that a description holds. */
  static PoolOptions options(Spec spec) {
    int[] kernel = spec.integers(KERNEL);
    int[] stride = spec.integers(STRIDE);
    int[] padding = spec.integers(PADDING);
    int[] dilation = spec.integers(DILATION);
    return PoolOptions.kernel(kernel[0], kernel[1])
        .withStride(stride[0], stride[1])
        .withPadding(padding[0], padding[1])
        .withDilation(dilation[0], dilation[1])
        .withCeilMode(spec.flag(CEIL_MODE))
        .withCountIncludePad(spec.flag(COUNT_INCLUDE_PAD));
  }
}
