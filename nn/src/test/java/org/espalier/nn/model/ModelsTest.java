package org.espalier.nn.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.ModuleTypes;
import org.espalier.nn.Parameter;
import org.espalier.nn.Values;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;

class ModelsTest {
  private static final Shape CIFAR = Shape.of(32, 32, 3);
  private static final Shape IMAGENET = Shape.of(224, 224, 3);

  private static long params(String name, Shape input, int classes) {
    return Costs.of(Models.byName(name, input, classes), input).params();
  }

  @Test
  void namesFindTheModelsOfTheCostTable() {
    assertEquals(269_722, params("resnet20", CIFAR, 10));
    assertEquals(855_770, params("ResNet56b", CIFAR, 10));
    assertEquals(25_557_032, params("resnet50", IMAGENET, 1000));
    assertEquals(2_748_890, params("wrn-16-4", CIFAR, 10));
    assertEquals(2_748_890, params("wrn-16-4-d0.3", CIFAR, 10));
    assertEquals(68_883_240, params("wrn-50-2", IMAGENET, 1000));
    assertEquals(14_728_266, params("vgg16", CIFAR, 10));
    assertEquals(14_991_946, params("vgg16-bn-hidden", CIFAR, 10));
    assertEquals(138_365_992, params("vgg16-224", IMAGENET, 1000));
    assertEquals(1_059_298, params("densenet40", CIFAR, 10));
    assertEquals(769_162, params("densenet-bc-100-12", CIFAR, 10));
    assertEquals(2_236_682, params("mobilenetv2", CIFAR, 10));
    assertEquals(3_504_872, params("mobilenet-v2-224", IMAGENET, 1000));
    assertEquals(62_006, params("lenet5", CIFAR, 10));
    assertEquals(431_080, params("lenet-caffe", Shape.of(28, 28, 1), 10));
    assertEquals(266_610, params("mlp", Shape.of(28, 28, 1), 10));
    assertEquals(784 * 20 + 20 + 20 * 10 + 10, params("mlp-20", Shape.of(28, 28, 1), 10));
  }

  @Test
  void vgg19HasThreeMoreConvolutionsInItsLastStages() {
    assertEquals(16, Costs.of(Models.byName("vgg19", CIFAR, 10), CIFAR).convs());
    assertEquals(
        143_678_248, Costs.of(Models.byName("vgg19-224", IMAGENET, 1000), IMAGENET).params());
    assertEquals(
        44_549_160, Costs.of(Models.byName("resnet101", IMAGENET, 1000), IMAGENET).params());
  }

  @Test
  void mnistCnnHasTheTensorsOfThePublishedCheckpoint() {
    Module model = Models.byName("mnist_cnn", Shape.of(28, 28, 1), 10);
    assertEquals(
        List.of(
            "conv1.weight",
            "conv1.bias",
            "conv2.weight",
            "conv2.bias",
            "conv3.weight",
            "conv3.bias",
            "norm1.weight",
            "norm1.bias",
            "norm1.running_mean",
            "norm1.running_var",
            "fc1.weight",
            "fc1.bias",
            "fc2.weight",
            "fc2.bias",
            "norm2.weight",
            "norm2.bias",
            "norm2.running_mean",
            "norm2.running_var"),
        List.copyOf(model.state().keySet()));
    assertEquals(Shape.of(32, 11616), model.parameter("fc1.weight").shape());
  }

  @Test
  void unknownNamesListWhatThereIs() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Models.byName("alexnet", CIFAR, 10));
    assertTrue(e.getMessage().contains("'alexnet'"), e.getMessage());
    assertTrue(e.getMessage().contains("resnet20"), e.getMessage());
    assertTrue(e.getMessage().contains("wrn-16-4"), e.getMessage());
    IllegalArgumentException depth =
        assertThrows(IllegalArgumentException.class, () -> Models.byName("resnet21", CIFAR, 10));
    assertTrue(depth.getMessage().contains("6n + 2"), depth.getMessage());
    assertThrows(
        IllegalArgumentException.class, () -> Models.byName("resnet99999999999", CIFAR, 10));
    assertThrows(IllegalArgumentException.class, () -> Models.byName("mlp-0", CIFAR, 10));
    assertThrows(ShapeException.class, () -> Models.byName("resnet20", Shape.of(32, 32), 10));
    assertThrows(IllegalArgumentException.class, () -> Models.byName("resnet20", CIFAR, 0));
    assertThrows(
        IllegalArgumentException.class, () -> Models.byName("lenet5", Shape.of(12, 12, 1), 10));
  }

  /** Small members of every family, with an image they take. */
  private static Map<String, Shape> small() {
    Shape tiny = Shape.of(8, 8, 3);
    Map<String, Shape> models = new LinkedHashMap<>();
    models.put("mlp-5", tiny);
    models.put("lenet5", Shape.of(16, 16, 1));
    models.put("lenet-caffe", Shape.of(18, 16, 1));
    models.put("mnist_cnn", Shape.of(9, 8, 1));
    models.put("resnet8", tiny);
    models.put("resnet8b", tiny);
    models.put("wrn-10-0.5", tiny);
    models.put("wrn-16-1-d0.3", tiny);
    models.put("densenet-7-4", tiny);
    models.put("densenet-bc-16-4", tiny);
    models.put("mobilenetv2", Shape.of(16, 16, 3));
    return models;
  }

  @Test
  void everyModelIsBuiltAgainFromItsSpecAndTensors() {
    small()
        .forEach(
            (name, input) -> {
              Module model = Models.byName(name, input, 3).initialize(3);
              Map<String, Tensor> saved = new LinkedHashMap<>();
              model.state().forEach((path, p) -> saved.put(path, p.raw()));
              Module again =
                  ModuleTypes.build(
                      model.spec(),
                      path -> saved.containsKey(path) ? saved.get(path).shape() : null);
              Map<String, Parameter> state = again.state();
              assertEquals(saved.keySet(), state.keySet(), name);
              state.forEach((path, p) -> p.restore(saved.get(path)));
              assertEquals(model.spec(), again.spec(), name);
              Tensor x = Values.normal(1, 2, input.size(0), input.size(1), input.size(2));
              Values.assertSame(Values.infer(model, x), Values.infer(again, x));
            });
  }

  @Test
  void specsOfBigModelsGiveTheSameTensorsWithoutDrawingThem() {
    for (String name : List.of("resnet50", "vgg16-224", "vgg16-hidden", "wrn-28-10-d0.3")) {
      Module model = Models.byName(name, IMAGENET, 10);
      Map<String, Parameter> state = model.state();
      Module again =
          ModuleTypes.build(
              model.spec(), path -> state.containsKey(path) ? state.get(path).shape() : null);
      assertEquals(model.spec(), again.spec(), name);
      assertEquals(state.toString(), again.state().toString(), name);
      assertFalse(model.isInitialized());
    }
  }

  @Test
  void everyModelTakesBatchesOfOneAndThreeAndSamplesDoNotMix() {
    small()
        .forEach(
            (name, input) -> {
              Module model = Models.byName(name, input, 3).initialize(4);
              int[] sizes = {3, input.size(0), input.size(1), input.size(2)};
              Tensor three = Values.normal(2, sizes);
              Tensor one = Tensor.zeros(1, sizes[1], sizes[2], sizes[3]);
              for (int i = 0; i < one.count(); i++) {
                one.set(i, three.get(i));
              }
              Tensor all = Values.infer(model, three);
              Tensor single = Values.infer(model, one);
              assertEquals(Shape.of(3, 3), all.shape(), name);
              for (int c = 0; c < 3; c++) {
                double scale = Math.max(1, Math.abs(all.get(c)));
                assertEquals(all.get(c), single.get(c), 1e-4 * scale, name);
              }
            });
  }
}
