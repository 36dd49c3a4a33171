package org.espalier.autograd.op;

import java.util.Locale;
import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;

/**
 * Sum, mean or maximum over the letters that the output lacks, {@code x: n h w c -> n c}. They must
 * stand side by side and the others keep their order; {@link Ops#reduce} arranges the rest. The
 * gradient of a maximum goes to the first one.
 *
 * @param reduction what is computed
 * @param spec the signature, of one input
 */
public record Reduce(Reduction reduction, AxisSpec spec) implements Op {
  /** Creates the op. */
  public Reduce {
    Runs.check("reduce", spec, spec.inputs().get(0).terms(), spec.output());
  }

  @Override
  public String name() {
    return "reduce_" + reduction.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Axes axes(Shape... inputs) {
    return spec.bind(this, inputs);
  }

  private Span span(Shape x) {
    return Runs.span(spec.inputs().get(0).terms(), spec.output(), x);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    KernelLookup.of(y).reduce(reduction, in[0], span(in[0].shape()), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Span span = span(call.input(0).shape());
    Tensor dx =
        switch (reduction) {
          case SUM -> Broadcast.spread(call, dy, 1, span);
          case MEAN -> Broadcast.spread(call, dy, 1.0 / span.middle(), span);
          case MAX -> toFirst(call, dy, span);
        };
    return new Tensor[] {dx};
  }

  private static Tensor toFirst(Call call, Tensor dy, Span span) {
    Tensor dx = call.like(0).fill(0);
    for (int at = 0; at < span.companion(); at++) {
      int start = at / span.inner() * span.middle() * span.inner() + at % span.inner();
      int m = 0;
      while (m < span.middle() - 1
          && call.in(0).get(start + m * span.inner()) != call.out().get(at)) {
        m++;
      }
      dx.set(start + m * span.inner(), dy.get(at));
    }
    return dx;
  }

  @Override
  public Keep keep() {
    return reduction == Reduction.MAX ? Keep.BOTH : Keep.NONE;
  }

  @Override
  public Role role() {
    return reduction == Reduction.MAX ? Role.ROUTE : Role.LINEAR;
  }
}
