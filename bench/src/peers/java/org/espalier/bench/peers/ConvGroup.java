package org.espalier.bench.peers;

import java.util.List;
import java.util.stream.Stream;

/** Convolutions of square images: forward, gradient of the input, gradient of the weight. */
final class ConvGroup implements Group {
  private static final Conv[] CONVS = {
    Conv.square(64, 32, 16, 16, 3, 1, 1),
    Conv.square(64, 16, 64, 64, 3, 1, 1),
    Conv.square(64, 16, 128, 128, 3, 1, 1),
    Conv.square(64, 8, 64, 64, 3, 1, 1),
    Conv.square(64, 8, 256, 256, 3, 1, 1),
    Conv.square(64, 32, 16, 32, 3, 2, 1),
    Conv.square(64, 16, 32, 64, 3, 2, 1),
    Conv.square(64, 16, 64, 64, 1, 1, 1),
    Conv.square(64, 16, 64, 64, 5, 1, 1),
    Conv.square(64, 32, 3, 16, 3, 1, 1),
    Conv.square(64, 32, 3, 64, 3, 1, 1),
    Conv.square(4, 224, 3, 64, 7, 2, 1),
    Conv.square(64, 16, 64, 64, 3, 1, 8),
    Conv.square(64, 16, 64, 64, 3, 1, 64),
    Conv.square(64, 16, 64, 64, 3, 2, 64),
  };

  @Override
  public List<Contest> contests(int threads) {
    return Stream.of(CONVS).flatMap(conv -> ConvSides.contests("conv", conv).stream()).toList();
  }
}
