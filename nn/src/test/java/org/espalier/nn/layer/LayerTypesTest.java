package org.espalier.nn.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.espalier.autograd.op.ConvOptions;
import org.espalier.autograd.op.Interpolate;
import org.espalier.autograd.op.PadMode;
import org.espalier.autograd.op.Padding;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Concat;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Product;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.Spec;
import org.espalier.nn.Values;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class LayerTypesTest {
  /** A module and the shape of an input it takes. */
  record Sample(Module module, int... input) {}

  private static ConvConfig conv(int kernel) {
    return ConvConfig.kernel(kernel);
  }

  static List<Sample> samples() {
    int[] image = {2, 6, 6, 4};
    int[] series = {2, 9, 4};
    int[] rows = {3, 4};
    ConvOptions uneven =
        ConvOptions.DEFAULT
            .withStride(2, 1)
            .withDilation(1, 2)
            .withPadding(Padding.of(1, 0), Padding.TF_SAME);
    return List.of(
        new Sample(new Linear(4, 3), rows),
        new Sample(new Linear(4, 3, false), image),
        new Sample(new Conv2d(4, 5, 3), image),
        new Sample(new Conv2d(4, 6, conv(3).withGroups(2).withPadding(1).withoutBias()), image),
        new Sample(new Conv2d(4, 8, conv(3).withGroups(4)), image),
        new Sample(new Conv2d(4, 5, ConvConfig.kernel(3, 2).withOptions(uneven)), image),
        new Sample(new Conv2d(4, 5, conv(4).withPadding(Padding.SAME)), image),
        new Sample(new Conv2d(4, 5, conv(3).withPadding(2).withPadMode(PadMode.REFLECT)), image),
        new Sample(
            new Conv2d(4, 5, conv(4).withPadding(Padding.SAME).withPadMode(PadMode.REPLICATE)),
            image),
        new Sample(new Conv1d(4, 5, conv(8).withPadding(Padding.SAME)), series),
        new Sample(
            new Conv1d(4, 5, conv(3).withStride(2).withPadding(1).withPadMode(PadMode.REFLECT)),
            series),
        new Sample(new BatchNorm(4), image),
        new Sample(new BatchNorm(4, BatchNormConfig.KERAS.withoutAffine()), series),
        new Sample(new BatchNorm(4, BatchNormConfig.PYTORCH.withoutRunningStats()), rows),
        new Sample(
            new BatchNorm(4, BatchNormConfig.PYTORCH.withoutRunningStats().withoutAffine()), rows),
        new Sample(new BatchNorm(4, BatchNormConfig.PYTORCH.withMomentum(null)), image),
        new Sample(
            new BatchNorm(
                4, BatchNormConfig.KERAS.withRunningVariance(RunningVariance.KERAS22).withEps(0.1)),
            image),
        new Sample(new LayerNorm(4), image),
        new Sample(new LayerNorm(6, 4), image),
        new Sample(LayerNorm.withoutAffine(2, 1e-3), series),
        new Sample(new GroupNorm(2, 4), image),
        new Sample(GroupNorm.withoutAffine(4, 1e-3), series),
        new Sample(new InstanceNorm(), image),
        new Sample(new InstanceNorm(4, 1e-3, 0.2, true, true), series),
        new Sample(new InstanceNormKerasContrib(), series),
        new Sample(new Dropout(0.3), image),
        new Sample(new Dropout(0.5, true), image),
        new Sample(
            Dropout.withMask(0.5, Tensor.of(Shape.of(2, 4), 1f, 0, 1, 0, 1, 1, 0, 0)), image),
        new Sample(new Activation(org.espalier.tensor.kernel.Unary.SOFTPLUS, 2, 20), rows),
        new Sample(Activation.relu6(), image),
        new Sample(new PRelu(), image),
        new Sample(new PRelu(4, 0), image),
        new Sample(new Softmax(-1), rows),
        new Sample(new Softmax(1, true), image),
        new Sample(new MaxPool(2), image),
        new Sample(
            new MaxPool(PoolOptions.kernel(3).withStride(2).withPadding(1).withDilation(2)), image),
        new Sample(new MaxPool(2), series),
        new Sample(
            new AveragePool(
                PoolOptions.kernel(3, 2)
                    .withStride(2, 1)
                    .withPadding(1, 0)
                    .withCeilMode(true)
                    .withCountIncludePad(false)),
            image),
        new Sample(new AveragePool(3), series),
        new Sample(AdaptivePool.average(2, 3), image),
        new Sample(AdaptivePool.max(2, 3), series),
        new Sample(new GlobalAveragePool(), image),
        new Sample(new Flatten(), image),
        new Sample(new ChannelShuffle(2), image),
        new Sample(new Pad(PadMode.REFLECT, 1, 2, 0, 3), image),
        new Sample(new Pad(PadMode.ZERO, 0, 0, 2, 1), series),
        new Sample(new Upsample(Interpolate.Mode.LINEAR, 9, 7), image),
        new Sample(new Upsample(Interpolate.Mode.NEAREST, 1, 20), series),
        new Sample(new Gather(3, -1, 0, 0, 2), image),
        new Sample(new Scatter(new int[] {5, 0, -1, 2}, 7), image),
        new Sample(new OptionAShortcut(4, 7, 2), image),
        new Sample(new OptionAShortcut(4, 8, 2, OptionAShortcut.Zeros.BEHIND, 2), image),
        new Sample(SqueezeExcite.of(4, 2, Activation.hardSigmoid()), image),
        new Sample(new Residual(new Linear(4, 4)), image),
        new Sample(new Residual(new Linear(4, 3), new Linear(4, 3, false)), image),
        new Sample(new Concat(Map.of("new", new Linear(4, 2), "old", new Identity())), image),
        new Sample(new Product(new Linear(4, 2), new Linear(4, 2)), image),
        new Sample(shared(), rows));
  }

  private static Module shared() {
    Linear twice = new Linear(4, 4);
    return Sequential.of(twice, Activation.tanh(), twice);
  }

  @Property(tries = 3)
  void aModelBuiltAgainFromItsSpecAndRestoredTensorsIsEqual(@ForAll long seed) {
    samples().forEach(sample -> checkBuiltAgain(sample, seed));
  }

  private static void checkBuiltAgain(Sample sample, long seed) {
    Module model = Values.randomize(sample.module, seed);
    Tensor x = Values.normal(seed, sample.input);

    Map<String, Tensor> saved = new LinkedHashMap<>();
    model.state().forEach((path, parameter) -> saved.put(path, parameter.raw().copy()));
    Module again =
        ModuleTypes.build(
            model.spec(), path -> saved.containsKey(path) ? saved.get(path).shape() : null);
    Map<String, Parameter> state = again.state();
    assertEquals(saved.keySet(), state.keySet());
    state.forEach((path, parameter) -> parameter.restore(saved.get(path)));

    assertEquals(model.spec(), again.spec());
    Values.assertSame(Values.infer(model, x), Values.infer(again, x));
    Values.assertSame(Values.train(model, x, seed), Values.train(again, x, seed));
  }

  @Property(tries = 3)
  void allPassesAgreeOnShapesAndInferWithStudyOnBits(@ForAll long seed) {
    samples().forEach(sample -> checkPasses(sample, seed));
  }

  private static void checkPasses(Sample sample, long seed) {
    Module model = Values.randomize(sample.module, seed);
    Tensor x = Values.normal(seed, sample.input);

    Tensor inferred = Values.infer(model, x);

    Values.assertSame(Values.study(model, x), inferred);
    assertEquals(Values.shape(model, sample.input), inferred.shape());
    assertEquals(Values.train(model, x, seed).shape(), inferred.shape());
  }

  @Test
  void everyRegisteredTypeHasASample() {
    Set<String> sampled = new LinkedHashSet<>();
    samples().forEach(s -> s.module.modules().values().forEach(m -> sampled.add(m.spec().type())));
    Set<String> registered = new LayerTypes().modules().keySet();
    assertTrue(sampled.containsAll(registered), () -> missing(registered, sampled));
  }

  private static String missing(Set<String> registered, Set<String> sampled) {
    Set<String> missing = new LinkedHashSet<>(registered);
    missing.removeAll(sampled);
    return "no sample of " + missing;
  }

  @Test
  void damagedSpecsAreRefusedWithWhatIsMissing() {
    FormatException noTensor =
        assertThrows(
            FormatException.class, () -> ModuleTypes.build(Spec.of("linear"), path -> null));
    assertTrue(noTensor.getMessage().contains("'weight'"), noTensor.getMessage());
    FormatException unknown =
        assertThrows(
            FormatException.class, () -> ModuleTypes.build(Spec.of("magic"), path -> null));
    assertTrue(unknown.getMessage().contains("'magic'"), unknown.getMessage());
    FormatException noBranch =
        assertThrows(
            FormatException.class, () -> ModuleTypes.build(Spec.of("residual"), path -> null));
    assertTrue(noBranch.getMessage().contains("'branch'"), noBranch.getMessage());
    Spec badActivation =
        Spec.of("activation").with("function", "sparkle").with("a", 0).with("b", 0);
    assertThrows(FormatException.class, () -> ModuleTypes.build(badActivation, path -> null));
    Spec badPadding =
        Spec.of("conv1d")
            .with("stride", List.of(1, 1))
            .with("dilation", List.of(1, 1))
            .with("padding", List.of("wide", "wide"))
            .with("grouped", false)
            .with("padMode", "ZERO");
    assertThrows(
        FormatException.class, () -> ModuleTypes.build(badPadding, path -> Shape.of(2, 2, 2)));
  }
}
