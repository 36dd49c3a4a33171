package org.espalier.sparse.prune.criterion.hrank;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Batches;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/**
 * Holds the mean rank of the maps of each filter, layer by layer (HRank, sheet 08, sections 2.2 and
 * 2.3). It is a plain value: {@link #toTensors} goes into any tensor file, {@link #of} comes back.
 *
 * @param images over how many images
 * @param means one mean rank a filter, by the path of the layer's weight
 */
public record FeatureMapRanks(long images, Map<String, double[]> means) {
  /** How many images the paper takes. */
  public static final int IMAGES = 500;

  private static final String COUNT = "images";

  /** Creates the value; the arrays are copied. */
  public FeatureMapRanks {
    if (images < 1) {
      throw new IllegalArgumentException(
          "feature-map rank: needs at least one image, got " + images);
    }
    Map<String, double[]> copies = new LinkedHashMap<>();
    means.forEach((path, values) -> copies.put(path, values.clone()));
    means = Collections.unmodifiableMap(copies);
  }

  /**
   * Runs a model over images and ranks what its layers show: the output of the first activation
   * behind a layer, be it behind its norm, behind the sum of its block, or at the entry of the next
   * layer; where there is none, the last map before it is summed over.
   *
   * @param graph the graph of the model, which is not modified; its prunable layers are ranked
   * @param data the images, in the order of epoch 0
   * @param images how many count at most; fewer are used if there are fewer, and reported
   */
  public static FeatureMapRanks collect(ChannelGraph graph, Batches data, int images) {
    return collect(graph, data, images, Map.of());
  }

  /**
   * Ranks with some maps taken elsewhere, as the released code does behind the max pool of
   * ResNet-50's stem.
   *
   * @param elsewhere by the path of a layer's weight, the path of the module whose output is ranked
   */
  public static FeatureMapRanks collect(
      ChannelGraph graph, Batches data, int images, Map<String, String> elsewhere) {
    return new RankCollector(graph, elsewhere).collect(data, images);
  }

  /** Returns the mean ranks of a layer's filters, by the path of its weight. */
  public double[] of(String path) {
    if (!means.containsKey(path)) {
      throw new IllegalArgumentException(
          "feature-map rank: no ranks of '%s', only of %s".formatted(path, means.keySet()));
    }
    return means.get(path).clone();
  }

  /** Returns the paths of the weights, in the order of the pass. */
  public List<String> paths() {
    return List.copyOf(means.keySet());
  }

  /** Returns the ranks as named tensors, F64 {@code [filters]}, and the number of images. */
  public Map<String, Tensor> toTensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(COUNT, Tensor.indices(Math.toIntExact(images)));
    means.forEach(
        (path, values) -> tensors.put(path, Tensor.of(Shape.of(values.length), values.clone())));
    return tensors;
  }

  /** Returns the ranks that named tensors hold. */
  public static FeatureMapRanks of(Map<String, Tensor> tensors) {
    Tensor count = tensors.get(COUNT);
    if (count == null || count.count() != 1) {
      throw new FormatException(
          "feature-map ranks: expected a tensor '%s' of one number, got %s"
              .formatted(COUNT, tensors.keySet()));
    }
    Map<String, double[]> means = new LinkedHashMap<>();
    tensors.forEach(
        (path, values) -> {
          if (!path.equals(COUNT)) {
            means.put(path, checked(path, values.to(DType.F64).toDoubles()));
          }
        });
    return new FeatureMapRanks((long) count.get(0), means);
  }

  private static double[] checked(String path, double... values) {
    for (double value : values) {
      if (!(value >= 0 && Double.isFinite(value))) {
        throw new FormatException(
            "feature-map ranks: '%s' holds %s, which is no mean rank".formatted(path, value));
      }
    }
    return values;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FeatureMapRanks ranks
        && images == ranks.images
        && means.keySet().equals(ranks.means.keySet())
        && means.keySet().stream()
            .allMatch(path -> Arrays.equals(means.get(path), ranks.means.get(path)));
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(images) + means.keySet().hashCode();
  }

  @Override
  public String toString() {
    return "mean ranks of " + means.size() + " layers over " + images + " images";
  }
}
