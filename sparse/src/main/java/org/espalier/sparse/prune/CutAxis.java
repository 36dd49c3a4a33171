package org.espalier.sparse.prune;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.espalier.nn.Indices;
import org.espalier.nn.Parameter;
import org.espalier.tensor.StateException;

/**
 * Follows one axis of one parameter through cuts: units speak of its indices as the graph read
 * them, and this knows where each of them stands now.
 */
final class CutAxis {
  private final Parameter parameter;
  private final String path;
  private final int axis;
  private final Side side;
  private final boolean producer;
  private final boolean weight;
  private final String why;
  private final int[] nodes;
  private final boolean[] gone;
  private int[] positions;
  private int size;

  CutAxis(
      Parameter parameter,
      String path,
      int axis,
      Side side,
      boolean producer,
      boolean weight,
      String why,
      int[] nodes) {
    this.parameter = parameter;
    this.path = path;
    this.axis = axis;
    this.side = side;
    this.producer = producer;
    this.weight = weight;
    this.why = why;
    this.nodes = nodes;
    this.gone = new boolean[nodes.length];
    number();
  }

  private void number() {
    positions = new int[gone.length];
    size = 0;
    for (int i = 0; i < gone.length; i++) {
      positions[i] = gone[i] ? -1 : size++;
    }
  }

  Parameter parameter() {
    return parameter;
  }

  String path() {
    return path;
  }

  int axis() {
    return axis;
  }

  Side side() {
    return side;
  }

  boolean isProducer() {
    return producer;
  }

  boolean isWeight() {
    return weight;
  }

  String why() {
    return why;
  }

  /** Returns the node of each index as first read. */
  int[] nodes() {
    return nodes;
  }

  /** Returns the number of indices that are left. */
  int size() {
    return size;
  }

  /** Returns where first-read indices stand now; those cut are left out. */
  int[] now(int[] first) {
    return IntStream.of(first).map(i -> positions[i]).filter(i -> i >= 0).toArray();
  }

  /** Returns the first-read index of one that stands at a position now. */
  int first(int position) {
    return IntStream.range(0, positions.length)
        .filter(i -> positions[i] == position)
        .findFirst()
        .orElseThrow();
  }

  /** Returns the indices, of those left, that stay when the first-read indices given go. */
  Indices keepWithout(int... first) {
    boolean[] goes = new boolean[gone.length];
    for (int index : first) {
      goes[index] = true;
    }
    int[] kept =
        IntStream.range(0, gone.length)
            .filter(i -> !gone[i] && !goes[i])
            .map(i -> positions[i])
            .toArray();
    return Indices.of(size(), kept);
  }

  /** Refuses to go on when somebody else changed the parameter's size since the graph was made. */
  void checkUnchanged() {
    if (parameter.shape().size(axis) != size()) {
      throw new StateException(
          "%s has %d indices on axis %d, this graph knows %d: it was changed elsewhere; make a new ChannelGraph"
              .formatted(path, parameter.shape().size(axis), axis, size()));
    }
  }

  /** Cuts the parameter, with its parametrizations and slots. */
  void cut(int... first) {
    parameter.cut(axis, keepWithout(first));
    for (int index : first) {
      gone[index] = true;
    }
    number();
  }

  /** Returns the first-read indices whose node satisfies a predicate. */
  int[] where(IntPredicate node) {
    return IntStream.range(0, nodes.length).filter(i -> node.test(nodes[i])).toArray();
  }

  @Override
  public String toString() {
    return path + " axis " + axis + " " + Arrays.toString(parameter.shape().sizes());
  }
}
