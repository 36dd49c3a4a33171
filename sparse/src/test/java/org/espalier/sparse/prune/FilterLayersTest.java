package org.espalier.sparse.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.model.Models;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class FilterLayersTest {
  private static final Shape SMALL = Shape.of(8, 8, 3);

  private static FilterLayers layers(Module model) {
    return FilterLayers.of(model, SMALL, Set.of());
  }

  private static Set<String> names(Set<Parameter> weights) {
    return weights.stream().map(Parameter::name).collect(Collectors.toSet());
  }

  private static TreeSet<Integer> zeroRows(Parameter weight) {
    TreeSet<Integer> zero = new TreeSet<>();
    for (int row = 0; row < weight.shape().size(0); row++) {
      if (Slices.isZero(weight.raw(), 0, row)) {
        zero.add(row);
      }
    }
    return zero;
  }

  @Test
  void everyConvolutionOfAResNetTakesPartAndTheClassifierDoesNot() {
    Module model = ResNet.cifar(20, 10);
    Set<String> names = names(layers(model).weights());
    assertEquals(19, names.size());
    assertTrue(names.contains("conv1.weight"));
    assertTrue(names.stream().noneMatch(name -> name.startsWith("linear")));
    Module projected = Models.byName("resnet8b", SMALL, 10);
    assertEquals(9, layers(projected).weights().size());
    assertEquals(
        8, FilterLayers.of(projected, SMALL, Set.of("layer2.0.shortcut")).weights().size());
  }

  @Property(tries = 25)
  void onePruningStepZeroesExactlyTheCountAndNothingElse(
      @ForAll @LongRange(min = 0, max = 1000) long seed,
      @ForAll @DoubleRange(min = 0, max = 0.99) double ratio) {
    Module model = TestModels.lively(ResNet.cifar(8, 10), seed);
    Map<String, Tensor> before =
        model.state().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().raw().copy()));
    FilterLayers layers = layers(model);
    layers.zeroWeakest(FilterNorm.L2, ratio);
    Set<Parameter> weights = layers.weights();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (weights.contains(parameter)) {
                int n = parameter.shape().size(0);
                int m = Math.min(n - 1, (int) Math.floor(n * ratio + 1e-9));
                assertEquals(m, zeroRows(parameter).size(), path);
              } else {
                assertTrue(parameter.raw().bitEquals(before.get(path)), path);
              }
            });
    Map<String, Tensor> once =
        model.state().entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().raw().copy()));
    layers(model).zeroWeakest(FilterNorm.L2, ratio);
    model.state().forEach((path, p) -> assertTrue(p.raw().bitEquals(once.get(path)), path));
  }

  @Property
  void theZeroedSetHasTheLeastSumOfNorms(
      @ForAll @Size(min = 1, max = 10) List<@DoubleRange(min = 0, max = 9) Double> norms,
      @ForAll @DoubleRange(min = 0, max = 0.99) double ratio) {
    double[] values = norms.stream().mapToDouble(Double::doubleValue).toArray();
    TreeSet<Integer> out = FilterLayers.weakest(values, ratio);
    double chosen = out.stream().mapToDouble(i -> values[i]).sum();
    for (int set = 0; set < 1 << values.length; set++) {
      if (Integer.bitCount(set) == out.size()) {
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
          sum += (set >> i & 1) * values[i];
        }
        assertTrue(chosen <= sum + 1e-12);
      }
    }
  }

  @Property
  void scalingAndPermutingFiltersChangesNoChoice(
      @ForAll @LongRange(min = 0, max = 1000) long seed,
      @ForAll @DoubleRange(min = 0.1, max = 20) double factor,
      @ForAll @IntRange(min = 1, max = 11) int shift) {
    Tensor weight = TestNet.sample(seed, 12, 2, 2, 3);
    TreeSet<Integer> plain = FilterLayers.weakest(FilterNorm.L2.of(weight), 0.4);
    Tensor scaled = weight.copy();
    Tensor turned = weight.copy();
    for (int e = 0; e < weight.count(); e++) {
      scaled.set(e, factor * weight.get(e));
      turned.set((e + 12 * shift) % weight.count(), weight.get(e));
    }
    assertEquals(plain, FilterLayers.weakest(FilterNorm.L2.of(scaled), 0.4));
    TreeSet<Integer> moved = new TreeSet<>();
    plain.forEach(i -> moved.add((i + shift) % 12));
    assertEquals(moved, FilterLayers.weakest(FilterNorm.L2.of(turned), 0.4));
  }

  @Test
  void depthwiseConvolutionsAgreeWithWhatFeedsThem() {
    TestNet net =
        new TestNet((n, x) -> n.head(n.conv("dw", n.conv("pw", x))))
            .with("pw", 10, 1, 1, 3)
            .with("dw", 10, 3, 3, 1)
            .with("fc", 2, 10);
    net.initialize(9);
    layers(net).zeroWeakest(FilterNorm.L1, 0.4);
    assertEquals(4, zeroRows(net.parameter("pw")).size());
    assertEquals(zeroRows(net.parameter("pw")), zeroRows(net.parameter("dw")));
  }

  @Test
  void brokenWeightsAndModelsWithoutConvolutionsAreRefused() {
    Module model = ResNet.cifar(8, 10).initialize(1);
    Tensor before = model.parameter("conv1.weight").raw().copy();
    model.parameter("layer1.0.branch.conv1.weight").update(raw -> raw.set(5, Double.NaN));
    Exception e = assertThrows(IllegalArgumentException.class, () -> layers(model).checkFinite());
    assertTrue(e.getMessage().contains("layer1.0.branch.conv1.weight"), e.getMessage());
    assertTrue(before.bitEquals(model.parameter("conv1.weight").raw()));
    Module mlp = Models.byName("mlp", SMALL, 3);
    assertThrows(IllegalArgumentException.class, () -> layers(mlp));
  }
}
