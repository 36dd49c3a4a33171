package org.espalier.nn.layer;

import java.util.List;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.nn.Init;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.Shape;
import org.espalier.tensor.kernel.Clamp;

/**
 * Is what the convolution layers share: weight and bias, and that other padding than zeros is a
 * call of its own, before a convolution without padding.
 */
abstract class Convolution extends Module {
  private final String type;
  private final ConvConfig config;
  private final Parameter weight;
  private final Parameter bias;
  private volatile FoldedNorm folded;

  /** Creates a layer with a weight of this shape. */
  Convolution(String type, Shape shape, ConvConfig config) {
    this.type = type;
    this.config = config;
    weight = parameter("weight", shape, config.weightInit());
    bias =
        config.bias() ? parameter("bias", Shape.of(shape.size(0)), Init.pytorchBias(shape)) : null;
  }

  /** Returns the number of axes that the windows slide over. */
  abstract int dimensions();

  /** Pads x as the configuration says, for windows of the weight's shape. */
  abstract Var pad(Var x, Shape weight, ConvConfig config);

  /** Returns the weight {@code [out, kh, kw, in/groups]}, in one dimension without kh. */
  public final Parameter weight() {
    return weight;
  }

  /** Returns the bias {@code [out]}, or null. */
  public final Parameter bias() {
    return bias;
  }

  /** Returns stride, dilation and padding; in one dimension the width's numbers count. */
  public final ConvOptions options() {
    return config.options();
  }

  /** Returns what stands in the padding. */
  public final PadMode padMode() {
    return config.padMode();
  }

  @Override
  protected final Var forward(Pass pass, Var x) {
    return convolve(pass, x, pass.value(weight), pass.valueOrNull(bias), null);
  }

  /**
   * Fuses in infer passes with a normalisation by running statistics, an activation that clamps, or
   * both.
   */
  @Override
  protected final int fuses(Pass pass, List<Module> behind) {
    if (pass.mode() != Mode.INFER) {
      return 0;
    }
    int norms = norm(behind) == null ? 0 : 1;
    return clampOf(behind.subList(norms, behind.size())) == null ? norms : norms + 1;
  }

  /** Returns the normalisation that the first of some modules is, if its weights can be folded. */
  private static FrozenNorm norm(List<Module> modules) {
    boolean any = !modules.isEmpty() && modules.get(0) instanceof RunningNorm;
    return any ? ((RunningNorm) modules.get(0)).frozen() : null;
  }

  @Override
  protected final Var forwardFused(Pass pass, Var x, List<Module> fused) {
    FrozenNorm norm = norm(fused);
    Clamp clamp = clampOf(fused.subList(norm == null ? 0 : 1, fused.size()));
    if (norm == null) {
      return convolve(pass, x, pass.value(weight), pass.valueOrNull(bias), clamp);
    }
    FoldedNorm known = folded(norm);
    Var foldedWeight = pass.tape().constant(known.weight());
    return convolve(pass, x, foldedWeight, pass.tape().constant(known.bias()), clamp);
  }

  /** Two threads may both fold, with equal bits. */
  private FoldedNorm folded(FrozenNorm norm) {
    FoldedNorm known = folded;
    if (known == null || !known.isOf(weight, bias, norm)) {
      known = FoldedNorm.of(weight, bias, norm);
      folded = known;
    }
    return known;
  }

  private Var convolve(Pass pass, Var x, Var weight, Var bias, Clamp clamp) {
    if (config.padMode() == PadMode.ZERO) {
      return Ops.convClamp(dimensions(), x, weight, bias, options(), clamp);
    }
    Var padded = pad(x, weight.shape(), config);
    ConvOptions unpadded = options().withPadding(Padding.VALID);
    Var y = Ops.convClamp(dimensions(), padded, weight, bias, unpadded, clamp);
    pass.release(padded);
    return y;
  }

  @Override
  protected final Spec describe() {
    return config.describe(type);
  }
}
