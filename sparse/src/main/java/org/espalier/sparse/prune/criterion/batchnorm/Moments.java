package org.espalier.sparse.prune.criterion.batchnorm;

import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.op.PRelu;
import org.espalier.autograd.op.Pointwise;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Tensor;

/** Finds the moments of the activation that a call applies. */
final class Moments {
  private final Map<String, ActivationMoment> registered;
  private final Recording recording;

  /**
   * Creates the finder.
   *
   * @param registered moments by op name; they come before those known here
   */
  Moments(Map<String, ActivationMoment> registered, Recording recording) {
    this.registered = registered;
    this.recording = recording;
  }

  /** Returns the moments for one channel of a call's output; a call of null is no activation. */
  ActivationMoment of(Call call, int channel) {
    if (call == null) {
      return ActivationMoment.identity();
    }
    if (registered.containsKey(call.op().name())) {
      return registered.get(call.op().name());
    }
    if (call.op() instanceof Pointwise pointwise) {
      return of(pointwise);
    }
    Parameter slopes = call.op() instanceof PRelu ? recording.parameterOf(call.input(1)) : null;
    if (slopes == null) {
      throw new IllegalArgumentException(
          ("batch norm importance: no moments for '%s' at %s; known are all elementwise functions"
                  + " of Ops and prelu, and what withMoment(\"%s\", ActivationMoment) registers")
              .formatted(call.op().name(), call.scope(), call.op().name()));
    }
    Tensor values = slopes.value();
    return ActivationMoment.leaky(values.get(values.count() == 1 ? 0 : channel));
  }

  private static ActivationMoment of(Pointwise f) {
    return switch (f.unary()) {
      case RELU -> ActivationMoment.relu();
      case LEAKY_RELU -> ActivationMoment.leaky(f.a());
      case GELU -> ActivationMoment.gelu();
      case HARD_TANH, CLAMP -> f.a() == 0 ? ActivationMoment.clipped(f.b()) : bounded(f);
      case HARD_SIGMOID, HARD_SWISH -> numeric(f, -3, 0, 3);
      case SOFTPLUS -> numeric(f, f.b() / f.a());
      default -> numeric(f, 0);
    };
  }

  private static ActivationMoment bounded(Pointwise f) {
    if (!(f.a() < f.b())) {
      throw new IllegalArgumentException(
          "batch norm importance: a clipped activation needs bounds in order, got %s and %s"
              .formatted(f.a(), f.b()));
    }
    return numeric(f, f.a(), 0, f.b());
  }

  private static ActivationMoment numeric(Pointwise f, double... kinks) {
    return ActivationMoment.numeric(z -> f.unary().value(z, f.a(), f.b()), kinks);
  }
}
