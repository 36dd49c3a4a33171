package org.espalier.nn.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Values;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;

class ResNetTest {
  @Test
  void cifarNetworkGivesLogitsAndHalvesSpaceTwice() {
    Module model = ResNet.cifar(8, 7);
    assertEquals(Shape.of(2, 7), Values.shape(model, 2, 32, 32, 3));
    assertEquals(Shape.of(2, 7), Values.infer(model, Values.normal(1, 2, 12, 12, 3)).shape());
  }

  @Test
  void namesMapToThoseOfThePublishedCheckpoints() {
    Map<String, String> cifar = ResNet.pytorchNames(ResNet.cifar(20, 10));
    assertEquals("layer2.0.conv1.weight", cifar.get("layer2.0.branch.conv1.weight"));
    assertEquals("bn1.running_var", cifar.get("bn1.running_var"));
    assertEquals("linear.bias", cifar.get("linear.bias"));
    assertFalse(cifar.containsKey("layer2.0.shortcut.index"));
    Map<String, String> imagenet = ResNet.pytorchNames(ResNet.imagenet(18, 1000));
    assertEquals(
        "layer2.0.downsample.1.running_mean", imagenet.get("layer2.0.shortcut.1.running_mean"));
    assertEquals("fc.weight", imagenet.get("fc.weight"));
  }

  @Test
  void zeroInitResidualStartsTheLastGammaOfEachBlockAtZero() {
    Module model = ResNet.cifar(8, 10, ResNet.Shortcut.OPTION_B).initialize(1);
    assertEquals(1, model.parameter("layer1.0.branch.bn2.weight").raw().get(0));
    Module zero = ResNet.cifar(8, 3, 10, ResNet.Shortcut.OPTION_B, true).initialize(1);
    assertEquals(0, zero.parameter("layer1.0.branch.bn2.weight").raw().get(0));
    assertEquals(1, zero.parameter("layer1.0.branch.bn1.weight").raw().get(0));
    assertTrue(zero.modules().get("layer2.0.shortcut.1") instanceof BatchNorm);
  }

  @Test
  void refusesDepthsThatDoNotExist() {
    assertThrows(IllegalArgumentException.class, () -> ResNet.cifar(21, 10));
    assertThrows(IllegalArgumentException.class, () -> ResNet.imagenet(20, 10));
  }
}
