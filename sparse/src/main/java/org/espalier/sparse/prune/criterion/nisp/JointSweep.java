package org.espalier.sparse.prune.criterion.nisp;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.autograd.Var;
import org.espalier.nn.Parameter;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.Rounding;
import org.espalier.sparse.prune.Side;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.Recording;
import org.espalier.tensor.Tensor;

/**
 * Judges the groups of a model from the last to the first (NISP, sheet 10, section 2.3): each by a
 * walk in which the channels that later groups lose pass nothing on. A group whose layers stand far
 * apart, a residual stream, has its turn when its last layer has.
 */
final class JointSweep {
  private static final Logger LOG = System.getLogger(JointSweep.class.getName());

  private final ChannelGraph graph;
  private final NeuronImportance.Options options;
  private final Recording recording;
  private final Var response;
  private final ImportanceSweep sweep;
  private final Map<Parameter, Integer> firstUse = new LinkedHashMap<>();
  private final Map<Parameter, Integer> lastUse = new LinkedHashMap<>();

  JointSweep(ChannelGraph graph, FinalResponseLayer layer, NeuronImportance.Options options) {
    this.graph = graph;
    this.options = options;
    Tensor nothing = Tensor.zeros(graph.sampleShape().batched(1).sizes());
    recording = Recording.ofNumbers(graph.model(), nothing);
    response = layer.in(recording);
    sweep = new ImportanceSweep(recording, response, options.rule());
    recording
        .producers()
        .forEach(
            (position, weight) -> {
              firstUse.putIfAbsent(weight, position);
              lastUse.put(weight, position);
            });
  }

  /** Returns one score a channel by the name of each group's root and its first row. */
  Map<String, double[]> run(double... features) {
    if (features.length != response.shape().count()) {
      throw new IllegalArgumentException(
          "neuron importance: %d scores for the %d features of the final response layer %s"
              .formatted(features.length, response.shape().count(), response.shape()));
    }
    Tensor seed = Tensor.zeros(response.dtype(), response.shape());
    for (int j = 0; j < features.length; j++) {
      seed.set(j, features[j]);
    }
    List<Judged> groups = new ArrayList<>();
    graph.prunable().forEach(group -> groups.add(judged(group)));
    groups.sort(Comparator.comparingInt(Judged::last).reversed());
    Map<Parameter, boolean[]> dead = new LinkedHashMap<>();
    Map<String, double[]> scores = new LinkedHashMap<>();
    Map<Parameter, double[]> rows = null;
    for (Judged judged : groups) {
      double ratio = options.ratios().of(judged.group);
      // A walk whose numbers nobody masks serves all groups before; another ends with this one.
      int until = ratio == 0 ? -1 : judged.first;
      rows = rows == null ? sweep.run(seed, dead, until).rows() : rows;
      double[] own = scores(judged, rows);
      scores.put(key(judged.producers.get(0)), own);
      int out = Rounding.PRUNE_FLOOR.pruned(own.length, ratio);
      if (out == own.length) {
        LOG.log(
            Level.WARNING,
            "neuron importance: {0} takes all of group ''{1}''; one channel is kept",
            ratio,
            judged.group.name());
        out--;
      }
      if (out > 0) {
        silence(judged, weakest(own, out), dead);
      }
      rows = ratio == 0 ? rows : null;
    }
    return scores;
  }

  /** A group, the layers that make it, those of them that vote, and where they stand. */
  private record Judged(
      ChannelGroup group, List<Member> producers, List<Member> voters, int first, int last) {}

  /**
   * A chain of a layer and depthwise convolutions is judged at its end, all others by reduction.
   */
  private Judged judged(ChannelGroup group) {
    List<Member> producers = group.members().stream().filter(Member::producer).toList();
    List<Member> voters = producers.stream().filter(member -> member.side() != Side.BOTH).toList();
    if (voters.size() <= 1) {
      voters = producers.subList(producers.size() - 1, producers.size());
    }
    int first =
        voters.stream()
            .mapToInt(member -> firstUse.getOrDefault(member.parameter(), -1))
            .min()
            .orElse(-1);
    int last =
        producers.stream()
            .mapToInt(member -> lastUse.getOrDefault(member.parameter(), -1))
            .max()
            .orElse(-1);
    return new Judged(group, producers, voters, first, last);
  }

  /** Names a group: several may have the same root weight, of which each has other rows. */
  static String key(Member root) {
    return root.path() + " " + root.units().get(0)[0];
  }

  private double[] scores(Judged judged, Map<Parameter, double[]> rows) {
    List<double[]> votes = new ArrayList<>();
    for (Member member : judged.voters) {
      votes.add(vote(member, rows.get(member.parameter())));
    }
    double[] scores = options.reduction().reduce(votes);
    if (Arrays.stream(scores).allMatch(score -> score == 0)) {
      LOG.log(
          Level.WARNING,
          "neuron importance: nothing important reads group ''{0}''; its filters' L1 norms count",
          judged.group.name());
      scores = L1Norm.ofFilters().score(judged.group);
    }
    return options.normaliser().apply(scores);
  }

  /** Rows that go together, one of each group of a convolution, count by their mean. */
  private static double[] vote(Member member, double... rows) {
    double[] vote = new double[member.units().size()];
    for (int channel = 0; channel < vote.length && rows != null; channel++) {
      int[] unit = member.units().get(channel);
      for (int row : unit) {
        vote[channel] += rows[row] / unit.length;
      }
    }
    return vote;
  }

  private static int[] weakest(double[] scores, int count) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(channel -> scores[channel]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static void silence(Judged judged, int[] channels, Map<Parameter, boolean[]> dead) {
    for (Member member : judged.producers) {
      boolean[] rows =
          dead.computeIfAbsent(member.parameter(), weight -> new boolean[weight.shape().size(0)]);
      for (int channel : channels) {
        for (int row : member.units().get(channel)) {
          rows[row] = true;
        }
      }
    }
  }
}
