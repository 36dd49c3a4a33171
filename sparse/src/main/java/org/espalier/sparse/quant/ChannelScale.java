package org.espalier.sparse.quant;

import java.util.Map;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Saved;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Multiplies each filter by a fixed number, {@code w = v·s[o]}: a frozen batch norm that went into
 * the weight in the middle of training (resource-efficiency survey, Q9, last paragraph). Gradients
 * of v stay what they were in front of the norm.
 */
public final class ChannelScale implements Parametrization {
  /**
   * The name in specs and in the paths of saved tensors: {@code conv1.weight.channel_scale.scale}.
   */
  public static final String TYPE = "channel_scale";

  /** The end of the path of the saved factors. */
  static final String STATE = TYPE + ".scale";

  private static final String SCALE = "scale";

  private final Parameter scale;

  /** Creates the parametrization; the factors, one for each index of axis 0, are copied. */
  public ChannelScale(Tensor scale) {
    this.scale = Parameter.buffer(SCALE, scale.copy());
  }

  static ChannelScale empty(Shape shape) {
    return new ChannelScale(Tensor.full(DType.F32, shape, 1));
  }

  /** Sets the factors. */
  void set(Tensor factors) {
    scale.convert(factors.dtype());
    scale.set(factors);
  }

  /** Scales rows. */
  private record ScaleRows() implements Op {
    private static final AxisSpec AXES = AxisSpec.of("weight: o ..., scale: o -> o ...");

    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public Axes axes(Shape... inputs) {
      return AXES.bind(this, inputs);
    }

    @Override
    public void forward(Tensor[] in, Tensor y, Saved saved) {
      scale(in[0], in[1], y);
    }

    private static void scale(Tensor x, Tensor factors, Tensor y) {
      ChannelRuns.of(x.shape(), 0)
          .forEach(
              (channel, from, end) -> {
                for (int i = from; i < end; i++) {
                  y.set(i, x.get(i) * factors.get(channel));
                }
              });
    }

    @Override
    public Tensor[] vjp(Call call, Tensor dy) {
      Tensor dx = call.needs(0) ? call.like(0) : null;
      if (dx != null) {
        scale(dy, call.in(1), dx);
      }
      return new Tensor[] {dx, null};
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ScaleRows(), raw, pass.value(scale));
  }

  /** Divides by the factors, where they are not 0: a value that is set comes out again. */
  @Override
  public Tensor assign(Tensor value) {
    Tensor raw = value.copy();
    ChannelRuns.of(value.shape(), 0)
        .forEach(
            (channel, from, end) -> {
              double factor = scale.raw().get(channel);
              for (int i = from; i < end; i++) {
                raw.set(i, factor == 0 ? 0 : value.get(i) / factor);
              }
            });
    return raw;
  }

  @Override
  public Map<String, Parameter> parameters() {
    return Map.of(SCALE, scale);
  }

  /** Cuts the factors where rows are cut; other axes do not concern them. */
  @Override
  public void cut(int axis, Indices keep) {
    if (axis == 0) {
      scale.cut(0, keep);
    }
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE);
  }
}
