package org.espalier.nn.layer;

import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;

/**
 * Inverted dropout (Srivastava et al., JMLR 2014; layers reference, section 4): in a train pass
 * {@code y = x·mask/(1-p)}, mask drawn an element or a channel of a sample; otherwise, and for p =
 * 0, the identity; p = 1 gives zeros. The mask is drawn from the pass's stream {@code dropout}.
 */
public final class Dropout extends Module {
  static final String TYPE = "dropout";
  private static final String P = "p";
  private static final String PER_CHANNEL = "perChannel";
  private static final String MASK = "mask";

  private final double p;
  private final boolean perChannel;
  private final Parameter mask;

  /** Creates a module that drops elements. */
  public Dropout(double p) {
    this(p, false);
  }

  /** Creates a module that drops elements, or whole channels of a sample. */
  public Dropout(double p, boolean perChannel) {
    this(p, perChannel, null);
  }

  private Dropout(double p, boolean perChannel, Tensor keep) {
    this.p = Checks.probability(TYPE, p);
    this.perChannel = perChannel;
    this.mask = keep == null ? null : declare(MASK, Parameter.buffer(MASK, keep));
  }

  /**
   * Returns a module that uses a given mask instead of drawing one, for tests and replays.
   *
   * @param keep 1 where a value stays and 0 where it goes: of x's shape, or {@code [n, c]} for
   *     channels
   */
  public static Dropout withMask(double p, Tensor keep) {
    return new Dropout(p, keep.shape().rank() == 2, keep);
  }

  static Dropout create(Spec spec, Shapes shapes) {
    Tensor keep = shapes.has(MASK) ? Tensor.full(DType.F32, shapes.required(MASK), 1) : null;
    return new Dropout(spec.number(P), spec.flag(PER_CHANNEL), keep);
  }

  /** Returns the share that is dropped. */
  public double p() {
    return p;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    if (!pass.mode().isTraining() || p == 0) {
      return x;
    }
    if (mask != null) {
      return Ops.dropout(x, p, pass.value(mask));
    }
    long key = pass.randomKey(TYPE);
    return perChannel ? Ops.channelDropout(x, p, key) : Ops.dropout(x, p, key);
  }

  @Override
  protected Spec describe() {
    return Spec.of(TYPE).with(P, p).with(PER_CHANNEL, perChannel);
  }
}
