package org.espalier.optim;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.Snapshot;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Linear;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Asks the optimizer of recursive least squares for what it must refuse. */
class RlsRefusalsTest {
  private static final Tensor X = RlsRun.normal(1, DType.F32, 5, 4);
  private static final Tensor G = RlsRun.normal(2, DType.F32, 5, 3);

  private static Linear linear() {
    return (Linear) new Linear(4, 3).initialize(1);
  }

  static Stream<Arguments> wrongOptions() {
    return Stream.of(
        option(
            "forgettingFactor must be above 0 and at most 1, got 0.0", b -> b.forgettingFactor(0)),
        option("forgettingFactor", b -> b.forgettingFactor(1.01)),
        option("got NaN", b -> b.forgettingFactor(Double.NaN)),
        option("averageScale must be above 0, got 0", b -> b.averageScale(0)),
        option("gradientScale must be above 0, got -1", b -> b.gradientScale(-1)),
        option("momentum must be at least 0 and below 1, got 1", b -> b.momentum(1)),
        option("weightDecay must be at least 0, got -0.5", b -> b.weightDecay(-0.5)),
        option("initialP must be above 0, got 0", b -> b.initialP(0)),
        option("maxInputSize must be at least 0, got -1", b -> b.maxInputSize(-1)));
  }

  private static Arguments option(String message, Consumer<Rls.Builder> wrong) {
    return Arguments.of(message, wrong);
  }

  @ParameterizedTest
  @MethodSource("wrongOptions")
  void optionsOutOfRangeAreRefusedWithTheValue(String message, Consumer<Rls.Builder> wrong) {
    String text =
        assertThrows(IllegalArgumentException.class, () -> wrong.accept(Rls.builder()))
            .getMessage();
    assertTrue(text.contains(message), text);
  }

  @Test
  void tooManyInputsAreRefusedAndTheBlockOptionIsNamed() {
    Rls rls = Rls.builder().maxInputSize(3).build();
    String text =
        assertThrows(IllegalArgumentException.class, () -> RlsRun.step(rls, linear(), X, G))
            .getMessage();
    assertTrue(text.contains("4 inputs") && text.contains("blockDiagonal()"), text);
  }

  @Test
  void aGradientThatIsNotFiniteChangesNothing() {
    Module model =
        Sequential.builder().add("a", new Linear(4, 3)).add("b", new BatchNorm(3)).build();
    model.initialize(1);
    Rls rls = Rls.builder().build();
    RlsRun.step(rls, model, X, G);
    Snapshot before = Snapshot.of(model, Map.of(), Map.of());
    Tensor bad = G.copy();
    bad.set(4, Double.NaN);
    String text =
        assertThrows(IllegalStateException.class, () -> RlsRun.step(rls, model, X, bad))
            .getMessage();
    assertTrue(text.contains("gradient of"), text);
    Snapshot after = Snapshot.of(model, Map.of(), Map.of());
    after.slots().forEach((key, slot) -> assertTrue(slot.bitEquals(before.slots().get(key)), key));
    for (String path : new String[] {"a.weight", "a.bias", "b.weight", "b.bias"}) {
      assertTrue(after.state().get(path).bitEquals(before.state().get(path)), path);
    }
  }

  @Test
  void anEmptyBatchIsRefused() {
    Tensor none = Tensor.zeros(DType.F32, Shape.of(0, 4));
    Tensor noGradient = Tensor.zeros(DType.F32, Shape.of(0, 3));
    assertThrows(
        IllegalArgumentException.class,
        () -> RlsRun.step(Rls.builder().build(), linear(), none, noGradient));
  }

  @Test
  void aMatrixThatIsNotDefiniteIsRefusedByTheNameOfItsLayer() {
    Module model = Sequential.builder().add("head", linear()).build();
    model.state();
    Tensor p = Tensor.zeros(DType.F32, Shape.of(1, 5, 5));
    for (int i = 0; i < 5; i++) {
      p.set(i * 5 + i, -1000);
    }
    InverseAutocorrelation.attach(model.parameter("head.weight"), p);
    String text =
        assertThrows(
                IllegalStateException.class, () -> RlsRun.step(Rls.builder().build(), model, X, G))
            .getMessage();
    assertTrue(text.contains("head.weight") && text.contains("positive definite"), text);
  }

  @Test
  void aMatrixOfTheWrongSizeIsRefusedWithBothSizes() {
    Linear layer = linear();
    InverseAutocorrelation.attach(layer.weight(), Tensor.zeros(DType.F32, Shape.of(1, 4, 4)));
    String text =
        assertThrows(
                IllegalArgumentException.class,
                () -> RlsRun.step(Rls.builder().build(), layer, X, G))
            .getMessage();
    assertTrue(text.contains("[1, 4, 4]") && text.contains("[1, 5, 5]"), text);
  }

  @Test
  void aStepWithoutATapeIsRefused() {
    Parameter parameter = GivenGradients.parameter("w", DType.F32, 1);
    assertThrows(
        IllegalStateException.class,
        () -> GivenGradients.step(Rls.builder().build(), parameter, 1));
  }
}
