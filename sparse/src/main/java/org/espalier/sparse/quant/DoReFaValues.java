package org.espalier.sparse.quant;

import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Rounds the values at a port to {@code 2^k} levels of {@code [0, 1]}: {@code y =
 * quantize_k(clip(x, 0, 1))}, {@code dx = dy·1[0 <= x <= 1]} (DoReFa-Net; resource-efficiency
 * survey, Q5).
 */
public final class DoReFaValues implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "dorefa_values";

  private final int bits;

  /** Creates the parametrization; bits are 1 to 16. */
  public DoReFaValues(int bits) {
    this.bits = Levels.checked("dorefa", bits);
  }

  static DoReFaValues of(Spec spec) {
    return new DoReFaValues(spec.integer("bits"));
  }

  /**
   * Clips and rounds.
   *
   * @param bits k
   */
  private record ClippedLevels(int bits) implements Elementary {
    @Override
    public String name() {
      return TYPE;
    }

    @Override
    public void forward(Tensor x, Tensor y) {
      if (x.dtype() == DType.F64) {
        for (int i = 0; i < y.count(); i++) {
          y.set(i, Levels.round(Math.max(0, Math.min(1, x.get(i))), bits));
        }
        return;
      }
      float[] from = x.f32();
      float[] to = y.f32();
      float steps = (1 << bits) - 1;
      Parallel.range(
          y.count(),
          Parallel.GRAIN,
          (first, end) -> {
            for (int i = first; i < end; i++) {
              float r = Math.max(0, Math.min(1, from[i])) * steps;
              to[i] = (r + AffineQuantizer.ROUND - AffineQuantizer.ROUND) / steps;
            }
          });
    }

    @Override
    public void gradient(Tensor x, Tensor dy, Tensor dx) {
      if (x.dtype() == DType.F64) {
        for (int i = 0; i < dx.count(); i++) {
          dx.set(i, x.get(i) >= 0 && x.get(i) <= 1 ? dy.get(i) : 0);
        }
        return;
      }
      float[] from = x.f32();
      float[] upstream = dy.f32();
      float[] to = dx.f32();
      Parallel.range(
          dx.count(),
          Parallel.GRAIN,
          (first, end) -> {
            for (int i = first; i < end; i++) {
              to[i] = from[i] >= 0 && from[i] <= 1 ? upstream[i] : 0;
            }
          });
    }
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    return Tape.run(new ClippedLevels(bits), raw);
  }

  @Override
  public Spec spec() {
    return Spec.of(TYPE).with("bits", bits);
  }
}
