package org.espalier.bench.peers;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Residual;
import org.espalier.nn.Spec;

/**
 * One of our models as libtorch computes it: each module by the operation of DJL that does the
 * same, channels first, with copies of the weights. What a module hands on is closed once it was
 * read, as a scripting language would do.
 */
final class TorchNet {
  /** Computes one module. */
  @FunctionalInterface
  private interface Layer {
    NDArray apply(NDArray x);
  }

  private final NDManager manager;
  private final boolean training;
  private final List<TorchWeight> weights = new ArrayList<>();
  private final Layer root;

  /** The channels of the last convolution, to know how a map was flattened. */
  private int channels;

  private boolean flattened;

  /** Copies a model with its present weights into a manager. */
  TorchNet(Module model, boolean training, NDManager manager) {
    this.manager = manager;
    this.training = training;
    this.root = layer(model);
  }

  /** Returns the trainable weights in the order of layers. */
  List<TorchWeight> weights() {
    return weights;
  }

  /** Computes the output; the input stays open. */
  NDArray apply(NDArray x) {
    return root.apply(x);
  }

  private Layer layer(Module module) {
    Spec spec = module.spec();
    return switch (spec.type()) {
      case "sequential" -> chain(module);
      case "residual" -> residual((Residual) module);
      case "concat" -> concat(module);
      case "identity" -> x -> x;
      case "conv2d" -> convolution(module, spec);
      case "linear" -> linear(module);
      case "batch_norm" -> batchNorm(module, spec);
      case "activation" -> activation(spec);
      case "max_pool" -> maxPool(spec);
      case "global_average_pool" -> x -> x.getNDArrayInternal().globalAvgPool();
      case "option_a_shortcut" -> optionA(module, spec);
      case "flatten" -> flatten();
      default -> throw new IllegalArgumentException("the peer has no layer for " + spec.type());
    };
  }

  private Layer chain(Module module) {
    List<Layer> layers = layers(module);
    return x -> {
      NDArray current = x;
      for (Layer layer : layers) {
        NDArray next = layer.apply(current);
        if (current != x && next != current) {
          current.close();
        }
        current = next;
      }
      return current;
    };
  }

  private List<Layer> layers(Module module) {
    return module.children().values().stream().map(this::layer).toList();
  }

  /** Adds in place, as the usual codes do: nobody else reads what the branch made. */
  private Layer residual(Residual module) {
    Layer branch = layer(module.branch());
    Layer shortcut = module.shortcut() == null ? x -> x : layer(module.shortcut());
    return x -> {
      NDArray sum = branch.apply(x);
      NDArray carried = shortcut.apply(x);
      sum.addi(carried);
      if (carried != x) {
        carried.close();
      }
      return sum;
    };
  }

  private Layer concat(Module module) {
    List<Layer> layers = layers(module);
    return x -> {
      NDList parts = new NDList();
      layers.forEach(layer -> parts.add(layer.apply(x)));
      NDArray joined = NDArrays.concat(parts, 1);
      parts.stream().filter(part -> part != x).forEach(NDArray::close);
      return joined;
    };
  }

  private Layer convolution(Module module, Spec spec) {
    Parameter kernel = module.parameter("weight");
    org.espalier.tensor.Shape sizes = kernel.shape();
    int groupIn = sizes.size(3);
    int groups = spec.flag("grouped") ? channels / groupIn : 1;
    channels = sizes.size(0);
    TorchWeight weight =
        weight(
            kernel,
            sizes.size(1) * sizes.size(2),
            new Shape(channels, groupIn, sizes.size(1), sizes.size(2)));
    TorchWeight bias = bias(module);
    Shape stride = shape(spec.integers("stride"));
    List<String> sides = spec.texts("padding");
    Shape padding = new Shape(Long.parseLong(sides.get(0)), Long.parseLong(sides.get(1)));
    return x -> Torch.convolution(x, weight.now(), now(bias), stride, padding, groups);
  }

  private Layer linear(Module module) {
    Parameter matrix = module.parameter("weight");
    int in = matrix.shape().size(1);
    TorchWeight weight =
        weight(matrix, flattened ? in / channels : 1, new Shape(matrix.shape().size(0), in));
    flattened = false;
    TorchWeight bias = bias(module);
    return x -> JniUtils.linear((PtNDArray) x, (PtNDArray) weight.now(), (PtNDArray) now(bias));
  }

  private TorchWeight bias(Module module) {
    return module.ownParameters().containsKey("bias") ? vector(module.parameter("bias")) : null;
  }

  private TorchWeight vector(Parameter parameter) {
    return weight(parameter, 1, new Shape(parameter.shape().count()));
  }

  private TorchWeight weight(Parameter parameter, int pixels, Shape shape) {
    TorchWeight weight = new TorchWeight(parameter, pixels, shape, manager);
    weights.add(weight);
    return weight;
  }

  private static NDArray now(TorchWeight weight) {
    return weight == null ? null : weight.now();
  }

  private Layer batchNorm(Module module, Spec spec) {
    TorchWeight gamma = vector(module.parameter("weight"));
    TorchWeight beta = vector(module.parameter("bias"));
    NDArray mean = manager.create(module.parameter("running_mean").value().f32());
    NDArray variance = manager.create(module.parameter("running_var").value().f32());
    double momentum = spec.number("momentum");
    double eps = spec.number("eps");
    return x ->
        JniUtils.batchNorm(
            (PtNDArray) x,
            (PtNDArray) mean,
            (PtNDArray) variance,
            (PtNDArray) gamma.now(),
            (PtNDArray) beta.now(),
            training,
            momentum,
            eps);
  }

  private static Layer activation(Spec spec) {
    String function = spec.text("function");
    double low = spec.number("a");
    double high = spec.number("b");
    return switch (function) {
      case "relu" -> x -> JniUtils.relu((PtNDArray) x);
      case "hard_tanh" -> x -> x.clip(low, high);
      default -> throw new IllegalArgumentException("the peer has no activation " + function);
    };
  }

  private static Layer maxPool(Spec spec) {
    Shape kernel = shape(spec.integers("kernel"));
    Shape stride = shape(spec.integers("stride"));
    Shape padding = shape(spec.integers("padding"));
    boolean ceilMode = spec.flag("ceilMode");
    return x -> JniUtils.maxPool((PtNDArray) x, kernel, stride, padding, ceilMode);
  }

  private Layer optionA(Module module, Spec spec) {
    int stride = spec.integer("stride");
    int[] index = module.parameter("index").raw().i32();
    int front = 0;
    while (index[front] < 0) {
      front++;
    }
    int behind = index.length - front - channelsOf(index);
    long[] zeros = {0, 0, 0, 0, front, behind};
    return x -> {
      try (NDArray rows = every(x, 2, stride);
          NDArray pixels = every(rows, 3, stride)) {
        return JniUtils.pad((PtNDArray) pixels, zeros, 0);
      }
    };
  }

  private static int channelsOf(int[] index) {
    int count = 0;
    for (int channel : index) {
      count += channel >= 0 ? 1 : 0;
    }
    return count;
  }

  private static NDArray every(NDArray x, int axis, int stride) {
    return JniUtils.slice((PtNDArray) x, axis, 0, x.getShape().get(axis), stride);
  }

  private Layer flatten() {
    flattened = true;
    return x -> x.reshape(x.getShape().get(0), -1);
  }

  private static Shape shape(int[] sizes) {
    return new Shape(sizes[0], sizes[1]);
  }
}
