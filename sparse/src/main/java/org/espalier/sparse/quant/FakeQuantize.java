package org.espalier.sparse.quant;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.espalier.autograd.Call;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Lets only those values through that an integer grid holds, as {@link AffineQuantizer} says, with
 * the straight-through gradient (resource-efficiency survey, Q1). Attached to a weight, or to the
 * input or output of a module.
 *
 * <p>The grid's range is state, one for the tensor or one for each index of an axis, and follows
 * what is seen in training passes until {@link #freeze}: see {@link Follow}. It is saved as {@code
 * conv1.weight.fake_quantize.low} and {@code .high}, and cut along with the channels.
 */
public final class FakeQuantize implements Parametrization {
  /** The name in specs and in the paths of saved tensors. */
  public static final String TYPE = "fake_quantize";

  private static final String LOW = "low";
  private static final String HIGH = "high";

  /** Says how the range follows the values. */
  public enum Follow {
    /** It is that of the present value, in every pass, and is not stored: for weights. */
    PRESENT,
    /** It holds all values that training passes have seen. */
    MIN_MAX,
    /** It averages the ends of the values that training passes see; the first ones set it. */
    MOVING_AVERAGE,
    /** It stays as it is. */
    NOTHING
  }

  private final QuantizationGrid grid;
  private final int axis;
  private final double rate;
  private final Parameter low;
  private final Parameter high;
  private Follow follow;

  private FakeQuantize(
      QuantizationGrid grid, int axis, Shape channels, Follow follow, double rate) {
    this.grid = grid;
    this.axis = axis;
    this.follow = follow;
    this.rate = rate;
    // A range from 1 to -1 holds nothing: no value was seen.
    low = Parameter.buffer(LOW, Tensor.full(DType.F32, channels, 1));
    high = Parameter.buffer(HIGH, Tensor.full(DType.F32, channels, -1));
  }

  /** Returns the quantiser that a recorded call went by, nothing for calls of other kinds. */
  public static Optional<AffineQuantizer> quantizerOf(Call call) {
    return call.op() instanceof FakeQuantizeOp op
        ? Optional.of(op.quantizer(call.in(1), call.in(2)))
        : Optional.empty();
  }

  /** Returns the usual one of a weight: int8, one range for each index of axis 0. */
  public static FakeQuantize ofWeight(Parameter weight) {
    return ofWeight(weight, QuantizationGrid.INT8, 0);
  }

  /**
   * Returns one whose range is that of the weight, until it is frozen.
   *
   * @param axis the axis with a range for each index, or {@link AffineQuantizer#PER_TENSOR}
   */
  public static FakeQuantize ofWeight(Parameter weight, QuantizationGrid grid, int axis) {
    return new FakeQuantize(grid, axis, channels(weight.shape(), axis), Follow.PRESENT, 1);
  }

  /** Returns the usual one of a module's values: uint8, one range, a moving average. */
  public static FakeQuantize ofValues() {
    return ofValues(QuantizationGrid.UINT8, Follow.MOVING_AVERAGE, Observers.DEFAULT_RATE);
  }

  /**
   * Returns one with one range for all values.
   *
   * @param rate the share of new values in a moving average
   */
  public static FakeQuantize ofValues(QuantizationGrid grid, Follow follow, double rate) {
    return new FakeQuantize(grid, AffineQuantizer.PER_TENSOR, Shape.scalar(), follow, rate);
  }

  /**
   * Returns one with a range for each of some channels.
   *
   * @param axis the axis of the channels, counted from 0
   * @param channels their number
   */
  public static FakeQuantize ofChannels(
      QuantizationGrid grid, int axis, int channels, Follow follow, double rate) {
    return new FakeQuantize(grid, axis, Shape.of(channels), follow, rate);
  }

  /** Returns one with a given range, which stays. */
  public static FakeQuantize fixed(QuantizationGrid grid, Range range) {
    return fixed(grid, new Range[] {range}, AffineQuantizer.PER_TENSOR);
  }

  /** Returns one with given ranges, one for each index of an axis, which stay. */
  public static FakeQuantize fixed(QuantizationGrid grid, Range[] ranges, int axis) {
    Shape channels = axis == AffineQuantizer.PER_TENSOR ? Shape.scalar() : Shape.of(ranges.length);
    FakeQuantize fixed = new FakeQuantize(grid, axis, channels, Follow.NOTHING, 1);
    fixed.setRanges(ranges);
    return fixed;
  }

  private static Shape channels(Shape shape, int axis) {
    int count = ChannelRuns.of(shape, axis).channels();
    return axis == AffineQuantizer.PER_TENSOR ? Shape.scalar() : Shape.of(count);
  }

  static FakeQuantize of(Spec spec, Function<String, Shape> shapes) {
    return new FakeQuantize(
        QuantizationGrid.of(spec),
        spec.integer("axis"),
        shapes.apply(LOW),
        Follow.valueOf(spec.text("follow").toUpperCase(Locale.ROOT)),
        spec.number("rate"));
  }

  /** Returns the integers that values become. */
  public QuantizationGrid grid() {
    return grid;
  }

  /** Returns the axis with a range for each index, or {@link AffineQuantizer#PER_TENSOR}. */
  public int axis() {
    return axis;
  }

  /** Returns how the range follows the values now. */
  public Follow follow() {
    return follow;
  }

  /** Tells whether a range is stored. */
  public boolean hasRange() {
    for (int c = 0; c < low.raw().count(); c++) {
      if (low.raw().get(c) > high.raw().get(c)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the ranges that are stored: of each channel, or one. */
  public Range[] ranges() {
    if (!hasRange()) {
      throw new StateException(
          "%s: no range was observed yet; run a training pass, or calibrate first"
              .formatted(low.name()));
    }
    Range[] ranges = new Range[low.raw().count()];
    for (int c = 0; c < ranges.length; c++) {
      ranges[c] = new Range((float) low.raw().get(c), (float) high.raw().get(c));
    }
    return ranges;
  }

  /** Returns the quantiser of the stored ranges. */
  public AffineQuantizer quantizer() {
    return grid.quantizer(ranges(), axis);
  }

  /** Returns the quantiser of a weight that this is attached to, as a pass would use it. */
  public AffineQuantizer quantizer(Tensor weight) {
    return grid.quantizer(follow == Follow.PRESENT ? seen(weight) : ranges(), axis);
  }

  /** Stores ranges, one for each channel. */
  public void setRanges(Range... ranges) {
    if (ranges.length != low.raw().count()) {
      throw new IllegalArgumentException(
          "%s: got %d ranges, expected %d".formatted(TYPE, ranges.length, low.raw().count()));
    }
    for (int c = 0; c < ranges.length; c++) {
      int channel = c;
      low.update(ends -> ends.set(channel, ranges[channel].low()));
      high.update(ends -> ends.set(channel, ranges[channel].high()));
    }
  }

  /** Ends following: the range stays what it is. One that follows the present needs the value. */
  public void freeze() {
    ranges();
    follow = Follow.NOTHING;
  }

  /** Ends following at the range of a value. */
  public void freeze(Tensor value) {
    setRanges(seen(value));
    follow = Follow.NOTHING;
  }

  /** Takes the range of the value that a weight has in front of this, where one is stored. */
  void refresh(Parameter weight) {
    if (hasRange()) {
      setRanges(seen(before(weight)));
    }
  }

  /** Ends following at the range of the value that a weight has in front of this. */
  void freeze(Parameter weight) {
    freeze(before(weight));
  }

  private Tensor before(Parameter weight) {
    Var value = Var.constant(weight.raw());
    try (Pass pass = Pass.study()) {
      for (Parametrization parametrization : weight.parametrizations()) {
        if (parametrization == this) {
          return value.value();
        }
        value = parametrization.apply(pass, value);
      }
    }
    throw new IllegalArgumentException(TYPE + ": not attached to " + weight.name());
  }

  private Range[] seen(Tensor value) {
    return Range.perChannel(low.name(), value, axis);
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    FakeQuantizeOp op = new FakeQuantizeOp(grid, axis);
    if (pass.mode() == Mode.SHAPES) {
      return Tape.run(op, raw, pass.value(low), pass.value(high));
    }
    if (pass.mode().isTraining()) {
      observe(raw.value());
    }
    Range[] ranges = follow == Follow.PRESENT ? seen(raw.value()) : ranges();
    // Constants of now: a module that runs twice in a pass observes again.
    Tensor lows = Tensor.zeros(raw.dtype(), low.shape());
    Tensor highs = Tensor.zeros(raw.dtype(), high.shape());
    for (int c = 0; c < ranges.length; c++) {
      lows.set(c, ranges[c].low());
      highs.set(c, ranges[c].high());
    }
    return Tape.run(op, raw, Var.constant(lows), Var.constant(highs));
  }

  private void observe(Tensor value) {
    if (follow == Follow.NOTHING || follow == Follow.PRESENT) {
      return;
    }
    Range[] seen = seen(value);
    if (hasRange()) {
      Range[] known = ranges();
      for (int c = 0; c < seen.length; c++) {
        seen[c] =
            follow == Follow.MIN_MAX
                ? known[c].union(seen[c])
                : MovingAverageObserver.moved(known[c], seen[c], rate);
      }
    }
    setRanges(seen);
  }

  @Override
  public Map<String, Parameter> parameters() {
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    parameters.put(LOW, low);
    parameters.put(HIGH, high);
    return parameters;
  }

  /** Cuts the ranges where their own axis is cut. */
  @Override
  public void cut(int cutAxis, Indices keep) {
    if (cutAxis == axis) {
      low.cut(0, keep);
      high.cut(0, keep);
    }
  }

  @Override
  public Spec spec() {
    return grid.describe(Spec.of(TYPE))
        .with("axis", axis)
        .with("follow", follow.name().toLowerCase(Locale.ROOT))
        .with("rate", rate);
  }
}
