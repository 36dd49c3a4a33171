package org.espalier.tests.golden;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Activation;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.GlobalAveragePool;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Is the net of several golden files: {@code conv1 - bn1 - relu - conv2 - bn2 - relu - global mean
 * - fc}, 3x3 convolutions padded by one, with the weights of the case.
 */
final class TwoConvolutions {
  private final GoldenCase golden;
  private final Tensor x;
  private final Sequential model;

  /**
   * Builds the net; strides are those that its description names, {@code conv2(3x3,stride2,pad1)}.
   */
  TwoConvolutions(GoldenCase golden) {
    this.golden = golden;
    x = ChannelsLast.of(golden, "x", DType.F32);
    Tensor head = golden.tensor("fc_weight", DType.F32);
    Conv2d conv1 = conv("conv1");
    Conv2d conv2 = conv("conv2");
    model =
        Sequential.builder()
            .add("conv1", conv1)
            .add("bn1", norm("bn1"))
            .add("relu1", Activation.relu())
            .add("conv2", conv2)
            .add("bn2", norm("bn2"))
            .add("relu2", Activation.relu())
            .add("pool", new GlobalAveragePool())
            .add("fc", new Linear(head.shape().size(1), head.shape().size(0)))
            .build();
    model.initialize(1);
    model.parameter("fc.weight").set(head);
    model.parameter("fc.bias").set(golden.tensor("fc_bias", DType.F32));
  }

  private Conv2d conv(String name) {
    Matcher stride = Pattern.compile(name + "\\([^)]*stride(\\d+)").matcher(golden.text("net"));
    Tensor weight = golden.tensor(name, DType.F32);
    Shape shape = weight.shape();
    boolean bias = golden.has(name + "_bias");
    Conv2d conv =
        new Conv2d(
            shape.size(1),
            shape.size(0),
            ConvConfig.kernel(shape.size(2))
                .withPadding(shape.size(2) / 2)
                .withStride(stride.find() ? Integer.parseInt(stride.group(1)) : 1)
                .withBias(bias));
    conv.weight().restore(ChannelsLast.of(weight));
    if (bias) {
      conv.bias().restore(golden.tensor(name + "_bias", DType.F32));
    }
    return conv;
  }

  private BatchNorm norm(String name) {
    Map<String, Object> tensors = GoldenCase.map(golden.inputs().get(name));
    Tensor gamma = GoldenCase.tensor(tensors.get("weight"), DType.F32);
    BatchNorm norm = new BatchNorm(gamma.count());
    norm.gamma().restore(gamma);
    norm.beta().restore(GoldenCase.tensor(tensors.get("bias"), DType.F32));
    norm.runningMean().restore(GoldenCase.tensor(tensors.get("running_mean"), DType.F32));
    norm.runningVariance().restore(GoldenCase.tensor(tensors.get("running_var"), DType.F32));
    return norm;
  }

  Module model() {
    return model;
  }

  Tensor x() {
    return x;
  }

  /** Returns the shape of one sample, channels last. */
  Shape image() {
    return x.shape().sample();
  }

  Tensor logits() {
    try (Pass pass = Pass.study()) {
      return model.apply(pass, pass.input(x)).value();
    }
  }

  /** Returns the weights' shapes as the file has them. */
  Map<String, Object> shapes() {
    Map<String, Object> shapes = new LinkedHashMap<>();
    for (String name : List.of("conv1", "conv2", "fc")) {
      Shape s = ChannelsLast.undo(model.parameter(name + ".weight").raw()).shape();
      List<Integer> sizes = new java.util.ArrayList<>();
      for (int size : s.sizes()) {
        sizes.add(size);
      }
      shapes.put(name, sizes);
    }
    return shapes;
  }
}
