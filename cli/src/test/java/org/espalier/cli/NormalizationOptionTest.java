package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.espalier.io.data.Normalization;
import org.junit.jupiter.api.Test;

class NormalizationOptionTest {
  @Test
  void wordsAndNumbersAreRead() {
    assertEquals(Normalization.CIFAR10, NormalizationOption.parse("cifar10", 3));
    assertEquals(Normalization.CIFAR100, NormalizationOption.parse("cifar100", 3));
    assertEquals(Normalization.IMAGENET, NormalizationOption.parse("imagenet", 3));
    assertEquals(Normalization.MNIST, NormalizationOption.parse("mnist", 1));
    assertEquals(Normalization.identity(2), NormalizationOption.parse("none", 2));
    assertEquals(
        new Normalization(new double[] {0.5, 0.25}, new double[] {1, 2}),
        NormalizationOption.parse("0.5,0.25/1,2", 2));
  }

  @Test
  void figuresForOtherChannelsAreRefused() {
    String message =
        assertThrows(IllegalArgumentException.class, () -> NormalizationOption.parse("cifar10", 1))
            .getMessage();
    assertTrue(message.contains("for 3 channels, the data has 1"), message);
    assertThrows(IllegalArgumentException.class, () -> NormalizationOption.parse(null, 3));
    assertThrows(IllegalArgumentException.class, () -> NormalizationOption.parse("1,2/3", 2));
  }
}
