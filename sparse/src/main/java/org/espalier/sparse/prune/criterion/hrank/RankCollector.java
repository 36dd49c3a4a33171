package org.espalier.sparse.prune.criterion.hrank;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.nn.Batches;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.criterion.ChannelTrace;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.sparse.prune.criterion.Samples;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;

/** Runs a model over images, a few at a time, and ranks the maps behind its layers. */
final class RankCollector {
  private static final Logger LOG = System.getLogger(RankCollector.class.getName());

  /** Which call of the pass shows a layer's channels, and where on its last axis. */
  private record Place(String path, int call, int[] channels) {}

  private final ChannelGraph graph;
  private final Map<String, String> elsewhere;
  private final List<RankMeans> means = new ArrayList<>();
  private final Set<String> single = new LinkedHashSet<>();
  private List<Place> places;

  RankCollector(ChannelGraph graph, Map<String, String> elsewhere) {
    this.graph = graph;
    this.elsewhere = elsewhere;
  }

  FeatureMapRanks collect(Batches data, int wanted) {
    if (wanted < 1) {
      throw new IllegalArgumentException(
          "feature-map rank: needs at least one image, got " + wanted);
    }
    int images = Samples.each(data, wanted, this::add);
    if (images == 0) {
      throw new IllegalArgumentException("feature-map rank: there are no images");
    }
    if (images < wanted) {
      LOG.log(
          Level.INFO, "feature-map rank: {0} images wanted, there are only {1}", wanted, images);
    }
    Map<String, double[]> found = new LinkedHashMap<>();
    for (int i = 0; i < places.size(); i++) {
      found.merge(places.get(i).path, means.get(i).means(), RankCollector::sum);
    }
    found.replaceAll((path, sum) -> divided(sum, uses(path)));
    warn(found);
    return new FeatureMapRanks(images, found);
  }

  private void add(Tensor x) {
    Recording recording = Recording.ofNumbers(graph.model(), x);
    if (places == null) {
      places = places(recording);
      places.forEach(place -> noteSingle(place, recording));
      places.forEach(place -> means.add(new RankMeans(place.channels)));
    }
    for (int i = 0; i < places.size(); i++) {
      Place place = places.get(i);
      means.get(i).add(recording.calls().get(place.call).out(), place.path);
    }
  }

  /** A layer that is called several times shows its maps in as many places. */
  private long uses(String path) {
    return places.stream().filter(place -> place.path.equals(path)).count();
  }

  private static double[] sum(double[] a, double... b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static double[] divided(double[] sum, long uses) {
    return Arrays.stream(sum).map(value -> value / uses).toArray();
  }

  private void noteSingle(Place place, Recording recording) {
    Shape maps = recording.calls().get(place.call).output().shape();
    if (maps.count() == maps.size(0) * maps.size(-1)) {
      single.add(place.path);
    }
  }

  /** Finds the maps of all layers whose channels may be cut. */
  private List<Place> places(Recording recording) {
    Map<Parameter, String> wanted = new LinkedHashMap<>();
    graph
        .prunable()
        .forEach(
            group ->
                group.members().stream()
                    .filter(Member::producer)
                    .forEach(member -> wanted.put(member.parameter(), member.path())));
    Set<String> unknown = new HashSet<>(elsewhere.keySet());
    unknown.removeAll(wanted.values());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "feature-map rank: %s make no channels that may be cut; what does is %s"
              .formatted(unknown, wanted.values()));
    }
    List<Place> found = new ArrayList<>();
    recording
        .producers()
        .forEach(
            (position, weight) -> {
              String path = wanted.get(weight);
              if (path != null) {
                found.add(
                    elsewhere.containsKey(path)
                        ? behind(recording, path, elsewhere.get(path))
                        : place(recording, path, position));
              }
            });
    return found;
  }

  private static Place place(Recording recording, String path, int position) {
    ChannelTrace.Arrival arrival = ChannelTrace.toActivation(recording.calls(), position);
    return new Place(path, arrival.position(), arrival.channels());
  }

  /** Finds the last call of a module, whose output shows the layer's channels one by one. */
  private Place behind(Recording recording, String path, String module) {
    int last = -1;
    for (int i = 0; i < recording.calls().size(); i++) {
      String scope = recording.calls().get(i).scope();
      last = scope.equals(module) || scope.startsWith(module + ".") ? i : last;
    }
    int filters = recording.state().get(path).shape().size(0);
    if (last < 0 || recording.calls().get(last).output().shape().size(-1) != filters) {
      throw new IllegalArgumentException(
          "feature-map rank: no module '%s' shows the %d channels of '%s'"
              .formatted(module, filters, path));
    }
    int[] all = new int[filters];
    Arrays.setAll(all, c -> c);
    return new Place(path, last, all);
  }

  private void warn(Map<String, double[]> found) {
    if (!single.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "feature-map rank: the maps behind {0} are single numbers; their rank says only whether"
              + " they are 0",
          single);
    }
    List<String> equal = new ArrayList<>();
    found.forEach(
        (path, values) -> {
          boolean same = Arrays.stream(values).allMatch(value -> value == values[0]);
          if (same && !single.contains(path)) {
            equal.add(path);
          }
        });
    if (!equal.isEmpty()) {
      LOG.log(
          Level.WARNING,
          "feature-map rank: all filters of {0} have the same mean rank; it carries no information",
          equal);
    }
  }
}
