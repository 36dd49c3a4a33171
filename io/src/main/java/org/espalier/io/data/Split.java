package org.espalier.io.data;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.espalier.tensor.Random;

/**
 * Holds the two parts of a data set: one to train on, one to choose by.
 *
 * @param training the samples to train on
 * @param validation the samples held out, for early stopping and for choosing the best epoch
 */
public record Split(Dataset training, Dataset validation) {

  static Split stratified(Dataset data, double validationFraction, Random random) {
    if (!(validationFraction >= 0 && validationFraction <= 1)) {
      throw new IllegalArgumentException(
          "split: validation fraction must be from 0 to 1, got " + validationFraction);
    }
    boolean[] heldOut = new boolean[data.size()];
    int seen = 0;
    int taken = 0;
    for (int[] members : byClass(data)) {
      int[] order = random.at(seen).permutation(members.length);
      seen += members.length;
      // Rounding the running total, not each class, keeps the whole within half a sample.
      int wanted = (int) Math.round(validationFraction * seen) - taken;
      for (int i = 0; i < wanted; i++) {
        heldOut[members[order[i]]] = true;
      }
      taken += wanted;
    }
    return new Split(part(data, heldOut, false), part(data, heldOut, true));
  }

  private static int[][] byClass(Dataset data) {
    int[] counts = new int[data.classNames().size()];
    for (int i = 0; i < data.size(); i++) {
      counts[data.label(i)]++;
    }
    int[][] members = Arrays.stream(counts).mapToObj(int[]::new).toArray(int[][]::new);
    for (int i = data.size() - 1; i >= 0; i--) {
      int label = data.label(i);
      members[label][--counts[label]] = i;
    }
    return members;
  }

  private static Dataset part(Dataset data, boolean[] heldOut, boolean wanted) {
    return data.subset(
        IntStream.range(0, heldOut.length).filter(i -> heldOut[i] == wanted).toArray());
  }
}
