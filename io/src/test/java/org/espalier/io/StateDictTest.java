package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.espalier.nn.Module;
import org.espalier.nn.model.ResNet;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class StateDictTest {
  private static final Shape SAMPLE = Shape.of(8, 8, 3);

  private static Module model(long seed) {
    return ResNet.cifar(8, 4).initialize(seed);
  }

  private static UnaryOperator<String> names(Module model) {
    Map<String, String> names = ResNet.pytorchNames(model);
    return path -> names.getOrDefault(path, path);
  }

  private static void assertEqualBits(Module expected, Module actual) {
    expected
        .state()
        .forEach(
            (path, parameter) ->
                assertTrue(parameter.raw().bitEquals(actual.parameter(path).raw()), path));
  }

  private final Module trained = model(3);
  private final Map<String, Tensor> file =
      new LinkedHashMap<>(StateDict.save(trained, SAMPLE, names(trained)));

  @Test
  void aFileHasPyTorchsNamesAndOrder() {
    assertEquals(Shape.of(16, 3, 3, 3), file.get("conv1.weight").shape());
    assertEquals(Shape.of(32, 16, 3, 3), file.get("layer2.0.conv1.weight").shape());
    assertTrue(file.containsKey("layer1.0.bn1.running_mean"), file.keySet().toString());
    assertTrue(file.keySet().stream().noneMatch(name -> name.contains("index")));
  }

  @Test
  void anotherModelTakesEveryBit() {
    Module fresh = model(4);
    file.put("bn1.num_batches_tracked", Tensor.zeros(DType.I32, Shape.of(1)));
    StateDict.load(fresh, SAMPLE, file, names(fresh));
    assertEqualBits(trained, fresh);
  }

  @Test
  void whatDoesNotFitIsListedAndNothingIsLoaded() {
    file.remove("bn1.bias");
    file.put("head.weight", Tensor.zeros(2));
    file.put("conv1.weight", Tensor.zeros(16, 3, 5, 5));
    Module fresh = model(4);
    String message =
        assertThrows(FormatException.class, () -> StateDict.load(fresh, SAMPLE, file, names(fresh)))
            .getMessage();
    assertTrue(message.contains("missing [bn1.bias"), message);
    assertTrue(message.contains("extra [head.weight]"), message);
    assertTrue(message.contains("[16, 3, 5, 5]"), message);
    assertEqualBits(model(4), fresh);
  }

  @Test
  void leniencyLoadsTheRestAndReports() {
    file.remove("bn1.bias");
    Module fresh = model(4);
    StateDict.Report report = StateDict.loadLenient(fresh, SAMPLE, file, names(fresh));
    assertFalse(report.isComplete());
    assertEquals(List.of("bn1.bias (as bn1.bias)"), report.missing());
    assertTrue(
        fresh.parameter("conv1.weight").raw().bitEquals(trained.parameter("conv1.weight").raw()));
  }
}
