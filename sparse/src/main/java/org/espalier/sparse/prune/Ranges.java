package org.espalier.sparse.prune;

/** Prints ascending indices shortly: {@code [0-3, 7]}. */
final class Ranges {
  private Ranges() {}

  static String of(int[] indices) {
    StringBuilder text = new StringBuilder("[");
    for (int from = 0, to; from < indices.length; from = to) {
      to = from + 1;
      while (to < indices.length && indices[to] == indices[to - 1] + 1) {
        to++;
      }
      text.append(from == 0 ? "" : ", ").append(indices[from]);
      if (to > from + 1) {
        text.append(to == from + 2 ? ", " : "-").append(indices[to - 1]);
      }
    }
    return text.append(']').toString();
  }
}
