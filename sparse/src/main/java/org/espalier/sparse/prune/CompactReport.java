package org.espalier.sparse.prune;

import java.util.List;

/**
 * Says what an extraction did.
 *
 * @param widths the layers that make channels, in the order of the pass
 * @param macsBefore multiply-accumulates of one sample before
 * @param macsAfter multiply-accumulates of one sample after
 * @param parametersBefore trainable numbers before
 * @param parametersAfter trainable numbers after
 * @param inexact where constants of cut channels could not be kept exactly; empty if nowhere
 */
public record CompactReport(
    List<Width> widths,
    long macsBefore,
    long macsAfter,
    long parametersBefore,
    long parametersAfter,
    List<String> inexact) {
  /**
   * Is one layer's number of output channels.
   *
   * @param path the path of its weight after the extraction
   * @param before the channels before
   * @param after the channels after
   */
  public record Width(String path, int before, int after) {}

  /** Returns a table of the layers and the totals. */
  @Override
  public String toString() {
    int path = widths.stream().mapToInt(w -> w.path.length()).max().orElse(5);
    StringBuilder text = new StringBuilder();
    for (Width width : widths) {
      text.append(width.path)
          .append(" ".repeat(path - width.path.length()))
          .append("  %5d -> %5d\n".formatted(width.before, width.after));
    }
    text.append(
        "MACs %,d -> %,d, parameters %,d -> %,d"
            .formatted(macsBefore, macsAfter, parametersBefore, parametersAfter));
    inexact.forEach(line -> text.append('\n').append(line));
    return text.toString();
  }
}
