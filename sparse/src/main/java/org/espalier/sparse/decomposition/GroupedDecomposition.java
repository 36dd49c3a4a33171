package org.espalier.sparse.decomposition;

import java.util.Arrays;
import org.espalier.nn.Module;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.ChannelShuffle;
import org.espalier.nn.layer.Gather;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Replaces a convolution by a grouped one, whose weights and multiply-accumulates are those of the
 * dense one divided by the number of groups (resource-efficiency survey, S2). The weights inside
 * the groups are the trained ones, the others are lost; which channels form a group says {@link
 * Channels}. Outputs come in the order of the dense layer.
 *
 * @param groups g, which divides inputs and outputs
 * @param channels how groups are formed
 */
public record GroupedDecomposition(int groups, Channels channels) implements LayerDecomposition {
  /** Says which channels form a group. */
  public enum Channels {
    /** Consecutive inputs with consecutive outputs; the layer alone stands in place. */
    BLOCKS,
    /**
     * Consecutive inputs with every g-th output; a {@link ChannelShuffle} behind the layer restores
     * the order, so that the next layer of this kind mixes all groups.
     */
    SHUFFLED,
    /**
     * Channels swapped between blocks until no swap keeps more of the weight's energy; {@link
     * Gather}s in front and behind permute where that is needed.
     */
    PERMUTED
  }

  /** Creates the method with permuted channels, which keeps most. */
  public GroupedDecomposition(int groups) {
    this(groups, Channels.PERMUTED);
  }

  /** Creates the method. */
  public GroupedDecomposition {
    if (groups < 2) {
      throw new IllegalArgumentException("grouped: needs at least 2 groups, got " + groups);
    }
  }

  @Override
  public String name() {
    return "grouped";
  }

  /**
   * Takes convolutions that are not grouped and have more than one kernel position; both numbers of
   * channels must be multiples of the groups.
   */
  @Override
  public boolean accepts(Module layer) {
    if (!WeightLayer.hasWindow(layer)) {
      return false;
    }
    Shape weight = layer.ownParameters().get("weight").shape();
    return weight.size(0) % groups == 0 && weight.size(-1) % groups == 0;
  }

  @Override
  public Chain decompose(Module layer) {
    WeightLayer read = WeightLayer.of(name(), layer);
    if (read.kind() == WeightLayer.Kind.LINEAR
        || read.in() % groups != 0
        || read.out() % groups != 0) {
      throw new IllegalArgumentException(
          "grouped: %d groups must divide %d inputs and %d outputs of a convolution, at '%s'"
              .formatted(groups, read.in(), read.out(), layer.name()));
    }
    ChannelPartition partition = partition(read);
    int[] inputs = partition.inputOrder();
    int[] outputs = partition.outputOrder();
    Tensor bias = permuted(read.bias(), outputs);
    Module grouped = read.windowed(weights(read, inputs, outputs), groups, bias);
    return new Chain(
        chain(grouped, inputs, outputs), read.weight().relativeError(kept(read, partition)));
  }

  private ChannelPartition partition(WeightLayer read) {
    Matrix energy = Matrix.zeros(read.out(), read.in());
    double[] weight = read.weight().values();
    int row = read.weight().columns();
    for (int at = 0; at < weight.length; at++) {
      energy.values()[at / row * read.in() + at % read.in()] += weight[at] * weight[at];
    }
    ChannelPartition partition = new ChannelPartition(energy, groups);
    if (channels == Channels.SHUFFLED) {
      partition.interleaveOutputs();
    } else if (channels == Channels.PERMUTED) {
      partition.improve();
    }
    return partition;
  }

  /** Returns {@code [out, kernel · in/groups]} in the order of the groups. */
  private Matrix weights(WeightLayer read, int[] inputs, int... outputs) {
    int positions = read.height() * read.width();
    int perGroup = read.in() / groups;
    int rows = read.out() / groups;
    Matrix weights = Matrix.zeros(read.out(), positions * perGroup);
    for (int o = 0; o < outputs.length; o++) {
      int first = o / rows * perGroup;
      for (int k = 0; k < weights.columns(); k++) {
        int input = inputs[first + k % perGroup];
        weights.values()[o * weights.columns() + k] =
            read.weight().get(outputs[o], k / perGroup * read.in() + input);
      }
    }
    return weights;
  }

  private static Tensor permuted(Tensor bias, int... order) {
    if (bias == null) {
      return null;
    }
    Tensor permuted = Tensor.zeros(bias.dtype(), bias.shape());
    for (int o = 0; o < order.length; o++) {
      permuted.set(o, bias.get(order[o]));
    }
    return permuted;
  }

  private Module chain(Module grouped, int[] inputs, int... outputs) {
    Sequential.Builder chain = Sequential.builder();
    if (!isSorted(inputs)) {
      chain.add("permute", new Gather(inputs));
    }
    chain.add("grouped", grouped);
    if (channels == Channels.SHUFFLED) {
      chain.add("shuffle", new ChannelShuffle(groups));
    } else if (!isSorted(outputs)) {
      chain.add("restore", new Gather(inverse(outputs)));
    }
    return chain.build();
  }

  private static boolean isSorted(int... order) {
    int[] sorted = order.clone();
    Arrays.sort(sorted);
    return Arrays.equals(order, sorted);
  }

  private static int[] inverse(int... order) {
    int[] inverse = new int[order.length];
    for (int k = 0; k < order.length; k++) {
      inverse[order[k]] = k;
    }
    return inverse;
  }

  private static Matrix kept(WeightLayer read, ChannelPartition partition) {
    Matrix kept = Matrix.zeros(read.out(), read.weight().columns());
    for (int at = 0; at < kept.values().length; at++) {
      if (partition.isInside(at / kept.columns(), at % read.in())) {
        kept.values()[at] = read.weight().values()[at];
      }
    }
    return kept;
  }
}
