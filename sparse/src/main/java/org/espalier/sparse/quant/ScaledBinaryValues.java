package org.espalier.sparse.quant;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.parallel.Parallel;

/**
 * Makes what enters a layer binary and scales what leaves it by the size of what entered (XNOR
 * networks; resource-efficiency survey, Q4).
 *
 * <pre>
 * A = mean over channels of |x|
 * K = A convolved with a box of 1/(kh·kw), stride and padding of the layer; padding counts 0
 * y = (sign(x) conv W)·K
 * </pre>
 *
 * <p>Backward K is constant, and sign has the window of {@link BinaryValues}. K belongs to the
 * layer's input and acts on its output, so this stands at the input port and {@link Scale}, which
 * finds K under the layer's place in the pass, at the output port; no layer knows of either. A
 * linear layer and a kernel of one pixel are linear in x pixel by pixel: there K is multiplied to
 * the sign at once. Elsewhere a bias would be scaled too, so a layer with one is refused.
 */
public final class ScaledBinaryValues implements Parametrization {
  /** The name in specs. */
  public static final String TYPE = "scaled_binary_values";

  private static final String KERNEL = "kernel";
  private static final String LAYER = "layer";

  /**
   * Is the key under which a pass holds K.
   *
   * @param scope the place of the layer
   */
  private record Key(String scope) {}

  private final Spec layer;
  private final List<Integer> kernel;
  private final Module box;

  private ScaledBinaryValues(Spec layer, List<Integer> kernel) {
    this.kernel = List.copyOf(kernel);
    // What is read from a file holds other types of numbers than what a layer says of itself.
    this.box = kernel.isEmpty() ? null : box(layer, kernel);
    this.layer = kernel.isEmpty() ? layer : box.spec();
  }

  /** Returns the layer as a convolution of one channel whose taps are all alike. */
  private static Module box(Spec layer, List<Integer> kernel) {
    int[] sizes = new int[kernel.size() + 2];
    sizes[0] = 1;
    sizes[sizes.length - 1] = 1;
    for (int i = 0; i < kernel.size(); i++) {
      sizes[i + 1] = kernel.get(i);
    }
    Shape shape = Shape.of(sizes);
    Module box = ModuleTypes.build(layer, path -> path.equals("weight") ? shape : null);
    Parameter weight = box.parameter("weight");
    weight.restore(Tensor.full(weight.dtype(), shape, 1.0 / shape.count()));
    weight.setTrainable(false);
    return box;
  }

  /** Tells whether binary values of a layer can be scaled. */
  public static boolean fits(Module layer) {
    return layer.ownParameters().get("bias") == null || of(layer, true).isPointwise();
  }

  /** Attaches the scaling to a convolution or linear layer. */
  public static void attach(Module layer) {
    ScaledBinaryValues made = of(layer, false);
    layer.input().attach(made);
    if (!made.isPointwise()) {
      layer.output().attach(new Scale());
    }
  }

  private static ScaledBinaryValues of(Module layer, boolean anyBias) {
    Shape weight = layer.ownParameters().get("weight").shape();
    List<Integer> kernel = new ArrayList<>();
    for (int axis = 1; axis < weight.rank() - 1; axis++) {
      kernel.add(weight.size(axis));
    }
    Spec spec = layer.spec();
    Spec plain =
        new Spec(spec.type(), spec.options(), new LinkedHashMap<>(), new LinkedHashMap<>());
    ScaledBinaryValues made = new ScaledBinaryValues(plain, kernel);
    if (!anyBias && !made.isPointwise() && layer.ownParameters().get("bias") != null) {
      throw new IllegalArgumentException(
          "scaled binary values: '%s' has a bias, which the scaling of its output would scale too; leave it to a batch norm behind it, or use binary values without scaling"
              .formatted(layer.name()));
    }
    return made;
  }

  static ScaledBinaryValues of(Spec spec) {
    List<Integer> kernel = new ArrayList<>();
    for (int size : spec.integers(KERNEL)) {
      kernel.add(size);
    }
    Map<String, Object> options = new LinkedHashMap<>(spec.options());
    options.remove(KERNEL);
    options.remove(LAYER);
    Spec layer = new Spec(spec.text(LAYER), options, new LinkedHashMap<>(), new LinkedHashMap<>());
    return new ScaledBinaryValues(layer, kernel);
  }

  private boolean isPointwise() {
    return kernel.stream().allMatch(size -> size == 1);
  }

  /** Returns A, the mean magnitude over the last axis. */
  static Tensor meanMagnitude(Tensor x) {
    int rank = x.shape().rank();
    int channels = x.shape().size(rank - 1);
    Tensor mean = Tensor.zeros(x.dtype(), x.shape().with(rank - 1, 1));
    Parallel.range(
        mean.count(),
        Parallel.grain(channels),
        (from, end) -> {
          for (int i = from; i < end; i++) {
            mean.set(i, sum(x, i * channels, (i + 1) * channels) / channels);
          }
        });
    return mean;
  }

  private static double sum(Tensor x, int from, int end) {
    double sum = 0;
    if (x.dtype() == DType.F32) {
      float[] values = x.f32();
      for (int i = from; i < end; i++) {
        sum += Math.abs(values[i]);
      }
      return sum;
    }
    for (int i = from; i < end; i++) {
      sum += Math.abs(x.get(i));
    }
    return sum;
  }

  /** Returns K for an input of the layer, with one channel. */
  public Tensor scale(Tensor x) {
    try (Pass pass = Pass.study()) {
      return scale(pass, x).value();
    }
  }

  private Var scale(Pass pass, Tensor x) {
    Var mean = pass.tape().constant(meanMagnitude(x));
    if (isPointwise()) {
      return mean;
    }
    if (box.parameter("weight").dtype() != x.dtype()) {
      box.convert(x.dtype());
    }
    return box.apply(pass, mean);
  }

  @Override
  public Var apply(Pass pass, Var raw) {
    Var binary = Tape.run(new Sign(true), raw);
    if (!pass.mode().computes()) {
      return binary;
    }
    Var scale = scale(pass, raw.value());
    if (isPointwise()) {
      return Tape.run(new PixelScale(), binary, scale);
    }
    pass.tape().watch(new Key(pass.tape().scope()), scale);
    return binary;
  }

  @Override
  public Spec spec() {
    return new Spec(
            TYPE,
            new LinkedHashMap<>(layer.options()),
            new LinkedHashMap<>(),
            new LinkedHashMap<>())
        .with(KERNEL, kernel)
        .with(LAYER, layer.type());
  }

  /** Multiplies what leaves a layer by the K of what entered it. */
  public static final class Scale implements Parametrization {
    /** The name in specs. */
    public static final String TYPE = "input_scale";

    /** Creates the parametrization; {@link ScaledBinaryValues#attach} attaches it. */
    Scale() {}

    @Override
    public Var apply(Pass pass, Var raw) {
      if (!pass.mode().computes()) {
        return raw;
      }
      Var scale = pass.tape().watchedVar(new Key(pass.tape().scope()));
      if (scale == null) {
        throw new IllegalArgumentException(
            "input scale: nothing at the input of '%s' measured it; attach both with ScaledBinaryValues.attach"
                .formatted(pass.tape().scope()));
      }
      return Tape.run(new PixelScale(), raw, scale);
    }

    @Override
    public Spec spec() {
      return Spec.of(TYPE);
    }
  }
}
