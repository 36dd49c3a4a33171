package org.espalier.autograd.op;

import org.espalier.autograd.Axes;
import org.espalier.autograd.AxisSpec;
import org.espalier.autograd.Call;
import org.espalier.autograd.Keep;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Saved;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Span;

/**
 * Inverted dropout, {@code y = x · mask / (1 - p)} with {@code P(mask = 1) = 1 - p} (Srivastava et
 * al. 2014; layers reference, section 4). The mask is drawn again from the key for the gradient.
 *
 * @param p share of elements set to 0; 1 gives all zeros
 * @param key key of the random stream, {@link Random#key()}
 * @param channels whether one draw decides on a whole channel of a sample
 */
public record Dropout(double p, long key, boolean channels) implements Op {
  private static final AxisSpec ELEMENTS = AxisSpec.of("x: ... -> ...");
  private static final AxisSpec CHANNELS = AxisSpec.of("x: n ... c -> n ... c");

  /** Creates the op; p must lie in [0, 1]. */
  public Dropout {
    Checks.probability("dropout", p);
  }

  @Override
  public String name() {
    return "dropout";
  }

  @Override
  public Axes axes(Shape... inputs) {
    return (channels ? CHANNELS : ELEMENTS).bind(this, inputs);
  }

  @Override
  public void forward(Tensor[] in, Tensor y, Saved saved) {
    Shape shape = y.shape();
    apply(in[0], saved.scratch(y.dtype(), maskShape(shape)), y);
  }

  @Override
  public Tensor[] vjp(Call call, Tensor dy) {
    Tensor dx = call.like(0);
    Tensor mask = call.scratch(dy.dtype(), maskShape(dy.shape()));
    apply(dy, mask, dx);
    call.release(mask);
    return new Tensor[] {dx};
  }

  private Shape maskShape(Shape x) {
    return channels ? Shape.of(x.size(0), x.size(-1)) : x;
  }

  private void apply(Tensor x, Tensor mask, Tensor y) {
    Random random = Random.ofKey(key);
    double kept = p == 1 ? 0 : 1 / (1 - p);
    switch (mask.dtype()) {
      case F32 -> draw(random, (float) kept, mask.f32(), mask.count());
      case F64 -> draw(random, kept, mask.f64(), mask.count());
      default -> throw new IllegalStateException("dropout of " + mask.dtype());
    }
    Span span = channels ? Span.of(x.shape(), 1, x.shape().rank() - 1) : Span.equal(x.shape());
    KernelLookup.of(y).binary(Binary.MUL, x, mask, span, y);
  }

  private void draw(Random random, float kept, float[] mask, int count) {
    for (int i = 0; i < count; i++) {
      mask[i] = random.uniform(i) < p ? 0 : kept;
    }
  }

  private void draw(Random random, double kept, double[] mask, int count) {
    for (int i = 0; i < count; i++) {
      mask[i] = random.uniform(i) < p ? 0 : kept;
    }
  }

  @Override
  public Keep keep() {
    return Keep.NONE;
  }

  @Override
  public Role role() {
    return Role.LINEAR;
  }
}
