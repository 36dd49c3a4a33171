package org.espalier.bench.peers;

import java.util.ArrayList;
import java.util.List;

/**
 * Convolutions of series: the three of the fully convolutional network for time series (Wang et
 * al., IJCNN 2017), batch 16.
 */
final class Conv1dGroup implements Group {
  private static final int BATCH = 16;

  @Override
  public List<Contest> contests(int threads) {
    List<Contest> contests = new ArrayList<>();
    for (int length : new int[] {150, 500}) {
      contests.addAll(ConvSides.contests("conv1d", Conv.series(BATCH, length, 1, 128, 8)));
      contests.addAll(ConvSides.contests("conv1d", Conv.series(BATCH, length, 128, 256, 5)));
      contests.addAll(ConvSides.contests("conv1d", Conv.series(BATCH, length, 256, 128, 3)));
    }
    return contests;
  }
}
