package org.espalier.sparse.prune.criterion.filter;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.nn.Batch;
import org.espalier.nn.Batches;
import org.espalier.nn.Parameter;
import org.espalier.optim.train.Closing;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.DType;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;

/**
 * Scores a filter by what it gives for training images: a statistic of its maps, which are the
 * output of its convolution with the bias, before batch norm and activation (Li et al., "Pruning
 * Filters for Efficient ConvNets", ICLR 2017, section 4.5). The maps of one batch are all held at
 * once; small batches do as well as large ones. The unit of a linear layer has a map of one value.
 */
public final class MapActivity implements Criterion {
  private final MapStatistic statistic;
  private final Batches images;
  private final Map<String, double[]> scores;

  private MapActivity(MapStatistic statistic, Batches images, Map<String, double[]> scores) {
    this.statistic = statistic;
    this.images = images;
    this.scores = scores;
  }

  /**
   * Returns the criterion.
   *
   * @param statistic what is measured
   * @param images the images, those of epoch 0; only inputs are read
   */
  public static MapActivity of(MapStatistic statistic, Batches images) {
    if (images.count() < 1) {
      throw new IllegalArgumentException("map activity: there are no images");
    }
    return new MapActivity(statistic, images, Map.of());
  }

  /** Runs all images through the model and keeps each filter's statistic. */
  @Override
  public MapActivity on(ChannelGraph graph) {
    Map<String, List<MapSums>> sums = new LinkedHashMap<>();
    Iterator<Batch> iterator = images.epoch(0, 0);
    try {
      while (iterator.hasNext()) {
        Recording recording = Recording.ofNumbers(graph.model(), iterator.next().x());
        recording.producers().forEach((i, weight) -> add(recording.calls().get(i), weight, sums));
      }
    } finally {
      Closing.close(iterator);
    }
    Map<String, double[]> found = new LinkedHashMap<>();
    sums.forEach(
        (path, maps) -> found.put(path, maps.stream().mapToDouble(statistic::of).toArray()));
    return new MapActivity(statistic, images, found);
  }

  private static void add(Call call, Parameter weight, Map<String, List<MapSums>> sums) {
    Tensor y = call.output().value().to(DType.F32);
    int channels = y.shape().size(-1);
    int pixels = y.count() / channels / y.shape().size(0);
    List<MapSums> ofLayer = sums.computeIfAbsent(weight.name(), path -> new ArrayList<>());
    for (int c = 0; c < channels; c++) {
      if (ofLayer.size() == c) {
        ofLayer.add(new MapSums());
      }
      for (int image = 0; image < y.shape().size(0); image++) {
        ofLayer.get(c).add(y.f32(), image * pixels * channels + c, channels, pixels);
      }
    }
  }

  @Override
  public double[] score(ChannelGroup group) {
    Member root = group.root();
    double[] rows = scores.get(root.path());
    if (rows == null) {
      throw new StateException(
          "map activity: no maps of '%s' were seen; ask on(graph) first".formatted(root.path()));
    }
    double[] means = new double[root.units().size()];
    for (int channel = 0; channel < means.length; channel++) {
      for (int row : root.units().get(channel)) {
        means[channel] += rows[row] / root.units().get(channel).length;
      }
    }
    return means;
  }

  @Override
  public String toString() {
    return "map activity by " + statistic;
  }
}
