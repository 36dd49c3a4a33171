package org.espalier.cli;

import java.util.Arrays;
import org.espalier.io.data.Normalization;

/** Reads the option that says which normalisation bare weights were trained with. */
final class NormalizationOption {
  /** What may be written, for messages. */
  static final String FORMS =
      "imagenet, cifar10, cifar100, mnist, none or MEANS/STDS such as 0.5,0.5,0.5/0.5,0.5,0.5";

  private NormalizationOption() {}

  /**
   * Returns the normalisation.
   *
   * @param words the option, null if it was not given
   * @param channels the channels of a sample
   */
  static Normalization parse(String words, int channels) {
    Normalization normalization = named(words, channels);
    if (normalization.channels() != channels) {
      throw new IllegalArgumentException(
          "--normalize %s is for %d channels, the data has %d"
              .formatted(words, normalization.channels(), channels));
    }
    return normalization;
  }

  private static Normalization named(String words, int channels) {
    if (words == null) {
      throw new IllegalArgumentException(
          "--weights needs --normalize, which says how the weights were trained: " + FORMS);
    }
    return switch (words) {
      case "imagenet" -> Normalization.IMAGENET;
      case "cifar10" -> Normalization.CIFAR10;
      case "cifar100" -> Normalization.CIFAR100;
      case "mnist" -> Normalization.MNIST;
      case "none" -> Normalization.identity(channels);
      default -> numbers(words);
    };
  }

  private static Normalization numbers(String words) {
    String[] parts = words.split("/", -1);
    if (parts.length != 2) {
      throw new IllegalArgumentException("--normalize takes " + FORMS + ", got '" + words + "'");
    }
    return new Normalization(numberList(parts[0]), numberList(parts[1]));
  }

  private static double[] numberList(String list) {
    try {
      return Arrays.stream(list.split(",", -1)).mapToDouble(Double::parseDouble).toArray();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--normalize: '" + list + "' is no list of numbers such as 0.5,0.5,0.5", e);
    }
  }
}
