package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.espalier.autograd.Gradients;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Parametrization;
import org.espalier.nn.Pass;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.sparse.quant.BinaryConnect;
import org.espalier.sparse.quant.BinaryValues;
import org.espalier.sparse.quant.BitVector;
import org.espalier.sparse.quant.DoReFaValues;
import org.espalier.sparse.quant.DoReFaWeight;
import org.espalier.sparse.quant.LearnedStepSize;
import org.espalier.sparse.quant.QuantizationAwareTraining;
import org.espalier.sparse.quant.ScaledBinaryValues;
import org.espalier.sparse.quant.ScaledBinaryWeight;
import org.espalier.sparse.quant.TernaryWeight;
import org.espalier.sparse.quant.TrainedTernary;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Asks the golden cases of weights and values of few bits. */
final class GoldenLowBit {
  private GoldenLowBit() {}

  static void check(GoldenCase golden) {
    if (golden.has("unsigned")) {
      knows(golden, "x", "bits", "unsigned", "per_channel_axis0", "grad_y");
      learnedStep(golden);
    } else if (golden.has("bits") && golden.has("w")) {
      knows(golden, "w", "bits", "grad_y");
      dorefaWeight(golden);
    } else if (golden.has("bits") && golden.has("x")) {
      knows(golden, "x", "bits", "grad_y");
      Applied values = applied(golden, "x", new DoReFaValues(golden.integer("bits")));
      golden.expect("y", values.y);
      golden.expect("grad_x", values.dx);
    } else if (golden.has("lr")) {
      knows(golden, "w", "grad_binary_weight", "lr");
      binaryConnect(golden);
    } else if (golden.has("weight") && golden.has("grad_binary_weight")) {
      knows(golden, "weight", "x", "stride", "padding", "grad_binary_weight");
      scaledBinary(golden);
    } else if (golden.has("a") && golden.has("b")) {
      knows(golden, "n", "a", "b");
      packed(golden);
    } else if (golden.has("per_filter")) {
      knows(golden, "w", "per_filter", "threshold_factor", "grad_y");
      ternary(golden);
    } else if (golden.has("wp")) {
      knows(golden, "w", "threshold_factor", "wp", "wn", "grad_y");
      trainedTernary(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  /** Fails on an input that nobody reads: it would stand for an option that is not looked at. */
  private static void knows(GoldenCase golden, String... inputs) {
    Set<String> unknown = new TreeSet<>(golden.inputs().keySet());
    List.of(inputs).forEach(unknown::remove);
    assertEquals(Set.of(), unknown, golden + ": inputs that nobody reads");
  }

  /**
   * Is what a parametrization makes of an input, and the gradient that goes back.
   *
   * @param y the output
   * @param dx the gradient of the input
   * @param gradients all gradients
   */
  private record Applied(Tensor y, Tensor dx, Gradients gradients) {}

  private static Applied applied(GoldenCase golden, String key, Parametrization parametrization) {
    return applied(golden.tensor(key, DType.F32), parametrization, gradient(golden));
  }

  private static Tensor gradient(GoldenCase golden) {
    return golden.tensor("grad_y", DType.F32);
  }

  private static Applied applied(Tensor x, Parametrization parametrization, Tensor dy) {
    Parameter held = Parameter.trainable("x", x);
    held.attach(parametrization);
    try (Pass pass = Pass.study()) {
      Var y = pass.value(held);
      Gradients gradients = Walk.run(y, dy, Rule.GRADIENT);
      return new Applied(y.value(), gradients.of(held), gradients);
    }
  }

  private static void learnedStep(GoldenCase golden) {
    Tensor x = golden.tensor("x", DType.F32);
    int axis = golden.flag("per_channel_axis0", false) ? 0 : AffineQuantizer.PER_TENSOR;
    LearnedStepSize learned =
        LearnedStepSize.of(x, golden.integer("bits"), axis, golden.flag("unsigned", false), false);
    golden.expect("qn", learned.lowest());
    golden.expect("qp", learned.highest());
    golden.expect("initial_step", flat(learned.step().raw()));
    golden.expect("grad_scale", learned.gradientScale(x.shape()));
    Applied applied = applied(golden, "x", learned);
    golden.expect("y", applied.y);
    golden.expect("grad_x", applied.dx);
    golden.expect("grad_step", flat(applied.gradients.of(learned.step())));
  }

  private static Tensor flat(Tensor x) {
    return x.reshape(x.count());
  }

  private static void dorefaWeight(GoldenCase golden) {
    int bits = golden.integer("bits");
    Applied through = applied(golden, "w", new DoReFaWeight(bits, false));
    golden.expect("y", through.y);
    golden.expect("grad_w", through.dx);
    golden.expect(
        "grad_w_max_treated_constant", applied(golden, "w", new DoReFaWeight(bits, true)).dx);
  }

  private static void binaryConnect(GoldenCase golden) {
    Tensor w = golden.tensor("w", DType.F32);
    Tensor dy = golden.tensor("grad_binary_weight", DType.F32);
    golden.expect("binary", applied(w.copy(), new BinaryConnect(false), dy).y);
    Tensor probability = Tensor.zeros(DType.F32, w.shape());
    for (int i = 0; i < w.count(); i++) {
      probability.set(i, BinaryConnect.probability(w.get(i)));
    }
    golden.expect("probability_plus_one", probability);
    golden.expect("activation_ste_grad", applied(w.copy(), new BinaryValues(), dy).dx);
    org.espalier.nn.layer.Linear layer =
        new org.espalier.nn.layer.Linear(w.shape().size(1), w.shape().size(0), false);
    layer.initialize(1);
    layer.weight().set(w);
    QuantizationAwareTraining training =
        QuantizationAwareTraining.binaryConnect(Shape.of(w.shape().size(1)), false)
            .quantizeFirstLast(true);
    training.attach(layer);
    try (Pass pass = Pass.train(new Workspace(), Random.of(1))) {
      Gradients gradients = Walk.run(pass.value(layer.weight()), dy, Rule.GRADIENT);
      Step step = Step.of(pass.tape(), gradients);
      Sgd.builder().rate(golden.number("lr")).build().step(step);
      training.stepDone(step);
    }
    golden.expect("w_after_sgd_and_clip", layer.weight().raw());
  }

  private static void scaledBinary(GoldenCase golden) {
    Tensor weight = ChannelsLast.of(golden, "weight", DType.F32);
    Tensor dy = ChannelsLast.of(golden, "grad_binary_weight", DType.F32);
    golden.expect("alpha", ScaledBinaryWeight.factors(weight));
    Applied applied = applied(weight.copy(), new ScaledBinaryWeight(false), dy);
    golden.expect("binarized_weight", ChannelsLast.undo(applied.y));
    golden.expect("grad_weight", ChannelsLast.undo(applied.dx));
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    Shape shape = weight.shape();
    ConvConfig config =
        ConvConfig.kernel(shape.size(1), shape.size(2))
            .withStride(golden.integer("stride"))
            .withPadding(golden.integer("padding"))
            .withBias(false);
    Conv2d layer = new Conv2d(shape.size(3), shape.size(0), config);
    layer.initialize(1);
    layer.weight().set(weight);
    layer.weight().attach(new ScaledBinaryWeight(false));
    Module model = Sequential.of(layer);
    golden.expect("y_binary_weight_network", ChannelsLast.undo(run(model, x)));
    ScaledBinaryValues.attach(layer);
    golden.expect("y_xnor", ChannelsLast.undo(run(model, x)));
    ScaledBinaryValues scaling = (ScaledBinaryValues) layer.input().parametrizations().get(0);
    golden.expect("K", ChannelsLast.undo(scaling.scale(x)));
  }

  private static Tensor run(Module model, Tensor x) {
    try (Pass pass = Pass.infer(new Workspace())) {
      return model.apply(pass, pass.input(x)).value().copy();
    }
  }

  private static void packed(GoldenCase golden) {
    BitVector a = BitVector.of(golden.tensor("a", DType.I32));
    BitVector b = BitVector.of(golden.tensor("b", DType.I32));
    assertEquals(golden.integer("n"), a.length());
    golden.expect("packed_a_hex", hex(a));
    golden.expect("packed_b_hex", hex(b));
    golden.expect("popcount_xor", a.differences(b));
    golden.expect("dot", a.dot(b));
  }

  private static List<Object> hex(BitVector bits) {
    List<Object> words = new ArrayList<>();
    IntStream.range(0, bits.wordCount()).forEach(i -> words.add("%016x".formatted(bits.word(i))));
    return words;
  }

  private static void ternary(GoldenCase golden) {
    TernaryWeight technique =
        new TernaryWeight(golden.number("threshold_factor"), golden.flag("per_filter", false));
    Tensor w = ChannelsLast.of(golden, "w", DType.F32);
    TernaryWeight.Ternary ternary = technique.ternary(w);
    golden.expect("delta", ternary.delta());
    golden.expect("alpha", ternary.alpha());
    golden.expect("codes", ChannelsLast.undo(ternary.codes()));
    Tensor dy = golden.has("grad_y") ? ChannelsLast.of(golden, "grad_y", DType.F32) : w.copy();
    Applied applied = applied(w, technique, dy);
    golden.expect("y", ChannelsLast.undo(applied.y));
    if (golden.expects("grad_w")) {
      golden.expect("grad_w", ChannelsLast.undo(applied.dx));
    }
  }

  private static void trainedTernary(GoldenCase golden) {
    TrainedTernary technique =
        new TrainedTernary(
            golden.number("threshold_factor"), golden.number("wp"), golden.number("wn"), DType.F32);
    golden.expect("delta", technique.threshold(golden.tensor("w", DType.F32)));
    Applied applied = applied(golden, "w", technique);
    golden.expect("y", applied.y);
    golden.expect("grad_w", applied.dx);
    Map<String, Parameter> own =
        Map.of("grad_wp", technique.positive(), "grad_wn", technique.negative());
    own.forEach((key, value) -> golden.expect(key, applied.gradients.of(value).get(0)));
  }
}
