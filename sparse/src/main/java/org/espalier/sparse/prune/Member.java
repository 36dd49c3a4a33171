package org.espalier.sparse.prune;

import java.util.Arrays;
import java.util.List;
import org.espalier.nn.Parameter;

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
 */
public record Member(
    Parameter parameter,
    String path,
    int axis,
    Side side,
    boolean producer,
    boolean weight,
    String why,
    List<int[]> units) {
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
