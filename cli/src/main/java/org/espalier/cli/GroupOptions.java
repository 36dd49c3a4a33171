package org.espalier.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Pruner;
import org.espalier.tensor.Shape;
import picocli.CommandLine.Option;

/** The options that say which channels may go, shared by the commands that cut some. */
final class GroupOptions {
  @Option(
      names = "--ignore",
      paramLabel = "LAYER",
      split = ",",
      description = "Layers, or paths with all below them, that keep their width.")
  private List<String> ignored = new ArrayList<>();

  @Option(
      names = "--inner-only",
      description = "Cut inside blocks only: residual streams keep their width.")
  private boolean innerOnly;

  @Option(
      names = "--round-to",
      paramLabel = "N",
      description = "Leave widths that are multiples of N (default: 1).")
  private int roundTo = 1;

  @Option(
      names = "--min-channels",
      paramLabel = "N",
      description = "Leave at least N channels of each group (default: 1).")
  private int minChannels = 1;

  @Option(
      names = "--max-ratio",
      paramLabel = "SHARE",
      description = "Take at most this share of any group (default: 1).")
  private double maxRatio = 1;

  /** Refuses numbers out of range. */
  void check() {
    if (roundTo < 1 || minChannels < 1) {
      throw new IllegalArgumentException(
          "--round-to and --min-channels must be at least 1, got "
              + roundTo
              + " and "
              + minChannels);
    }
    if (!(maxRatio > 0 && maxRatio <= 1)) {
      throw new IllegalArgumentException("--max-ratio must be above 0, up to 1, got " + maxRatio);
    }
  }

  /** Reads the channels of a model; layers to ignore that it does not have are refused. */
  ChannelGraph graph(Module model, Shape input) {
    return ChannelGraph.builder(model, input).ignore(ignored.toArray(String[]::new)).build();
  }

  /** Returns the pruner for these groups within these limits. */
  Pruner limited(Pruner pruner) {
    Pruner limited =
        pruner.withMinChannels(minChannels).withRoundTo(roundTo).withMaxRatio(maxRatio);
    return innerOnly ? limited.innerOnly() : limited;
  }

  /** Adds the options to a record that tells runs apart. */
  void addTo(Map<String, Object> settings) {
    settings.put("ignore", String.join(",", ignored));
    settings.put("inner_only", innerOnly);
    settings.put("round_to", (long) roundTo);
    settings.put("min_channels", (long) minChannels);
    settings.put("max_ratio", maxRatio);
  }
}
