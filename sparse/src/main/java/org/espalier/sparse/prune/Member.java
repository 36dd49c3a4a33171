package org.espalier.sparse.prune;

import java.util.Arrays;
import java.util.List;
import org.espalier.nn.Parameter;
import org.espalier.tensor.Tensor;

/**
 * Is one axis of one parameter that loses indices when channels of a group are cut.
 *
 * @param parameter the parameter
 * @param path its dotted path in the model
 * @param axis the axis that is cut
 * @param side how the parameter takes part
 * @param producer whether its rows make the channel by a sum: a convolution's or linear weight
 * @param weight whether it is what magnitudes count: a weight of a sum or of a norm, not a bias, a
 *     statistic or a slope
 * @param why the call that couples it, for people
 * @param units for each channel of the group the indices that go with it, ascending, as the
 *     parameter is numbered now
 * @param gone other channels whose numbers count as zero, those that a greedy choice took before;
 *     mostly empty
 */
public record Member(
    Parameter parameter,
    String path,
    int axis,
    Side side,
    boolean producer,
    boolean weight,
    String why,
    List<int[]> units,
    ChannelSelection gone) {
  /** Returns the effective value, zero at the indices of channels that count as gone. */
  public Tensor value() {
    return gone.zeroedIn(parameter);
  }

  /**
   * Returns, for each channel, all numbers that go with it in the order they are stored: the filter
   * itself, its column in a weight that reads it, its gamma.
   */
  public List<double[]> values() {
    Tensor value = value();
    return units.stream().map(indices -> valuesAt(value, indices)).toList();
  }

  private double[] valuesAt(Tensor value, int... indices) {
    int each = value.count() / value.shape().size(axis);
    double[] values = new double[indices.length * each];
    int[] filled = {0};
    for (int index : indices) {
      Slices.visit(value, axis, index, element -> values[filled[0]++] = value.get(element));
    }
    return values;
  }

  /** Returns the indices of all channels together, ascending. */
  public int[] indices() {
    return units.stream().flatMapToInt(Arrays::stream).sorted().toArray();
  }

  /** Returns the path of the layer that owns the parameter. */
  public String layer() {
    return path.contains(".") ? path.substring(0, path.lastIndexOf('.')) : "";
  }

  /** Returns one line: side, path, axis, indices and the reason. */
  @Override
  public String toString() {
    return "%-5s %s axis %d %s: %s".formatted(side, path, axis, Ranges.of(indices()), why);
  }
}
