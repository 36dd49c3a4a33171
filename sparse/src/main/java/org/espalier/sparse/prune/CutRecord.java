package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Records one cut by the rows of its producers, numbered as they stood just before it.
 *
 * @param slices the rows; what goes with them follows from the graph
 */
public record CutRecord(List<Slice> slices) {
  /**
   * Names indices of one axis of one parameter.
   *
   * @param path the parameter's dotted path
   * @param axis the axis
   * @param indices the indices that went, ascending
   */
  public record Slice(String path, int axis, int... indices) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Slice slice
          && path.equals(slice.path)
          && axis == slice.axis
          && Arrays.equals(indices, slice.indices);
    }

    @Override
    public int hashCode() {
      return 31 * path.hashCode() + Arrays.hashCode(indices);
    }

    @Override
    public String toString() {
      return path + " axis " + axis + " " + Ranges.of(indices);
    }
  }

  static CutRecord of(ChannelSelection selection) {
    Map<CutAxis, TreeSet<Integer>> rows = new LinkedHashMap<>();
    for (Unit unit : selection.units()) {
      CutAxis root = unit.root();
      for (int index : root.now(unit.footprint().get(root))) {
        rows.computeIfAbsent(root, key -> new TreeSet<>()).add(index);
      }
    }
    List<Slice> slices = new ArrayList<>();
    rows.forEach(
        (root, set) ->
            slices.add(
                new Slice(
                    root.path(), root.axis(), set.stream().mapToInt(Integer::intValue).toArray())));
    return new CutRecord(List.copyOf(slices));
  }
}
