package org.espalier.tests.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.espalier.autograd.Call;
import org.espalier.io.ChannelsFirst;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.ChannelSelection;
import org.espalier.sparse.prune.Criterion;
import org.espalier.sparse.prune.Member;
import org.espalier.sparse.prune.MemberReduction;
import org.espalier.sparse.prune.Normaliser;
import org.espalier.sparse.prune.Pruner;
import org.espalier.sparse.prune.PruningPlan;
import org.espalier.sparse.prune.Side;
import org.espalier.sparse.prune.criterion.L1Norm;
import org.espalier.sparse.prune.criterion.L2Norm;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Asks every case of the structured-pruning reference of the channel graph. */
class GoldenStructuredPruningTest {
  static final String STEM = "00-structured-pruning-common";

  private static final Pattern IMPORTANCE =
      Pattern.compile("p([12])_(sum|mean|max|first|prod)(?:_normalised_by_(\\w+))?(?:_L1\\w*)?");

  @TestFactory
  Stream<DynamicTest> cases() {
    return GoldenFolder.tests(STEM, GoldenStructuredPruningTest::check);
  }

  private static void check(GoldenCase golden) {
    if (golden.has("prune")) {
      group(golden);
    } else if (golden.has("never_pruned_layers")) {
      partition(golden);
    } else if (golden.has("root")) {
      importance(golden);
    } else if (golden.has("kept_out")) {
      GoldenShortcut.check(golden);
    } else if (golden.has("prune_ratio")) {
      grouped(golden);
    } else if (golden.has("net")) {
      GoldenCounting.check(golden);
    } else {
      throw new AssertionError(golden + ": no reader for " + golden.inputs().keySet());
    }
  }

  /** Returns the case's net with its values; translates by a shape pass. */
  private static GraphNet loaded(GoldenCase golden, Shape batch) {
    GraphNet net = GraphNet.of(golden);
    ChannelsFirst layout = ChannelsFirst.of(net, batch.sample());
    Map<String, Object> state = GoldenCase.map(golden.inputs().get("state"));
    state.forEach(
        (path, json) -> {
          Tensor file = GoldenCase.tensor(json, DType.F32);
          Shape ours = net.parameter(path).shape();
          net.parameter(path).set(layout.toChannelsLast(path, ours, file));
        });
    return net;
  }

  /** Returns a sample shape for nets that come without an input. */
  private static Shape sample(GraphNet net) {
    int in = GraphNet.integer(net.layers().get(0), "in");
    return net.layers().get(0).get("type").equals("linear") ? Shape.of(in) : Shape.of(8, 8, in);
  }

  private static Shape sample(Tensor x) {
    int[] sizes = x.shape().sizes();
    return Shape.of(IntStream.of(sizes).skip(1).toArray());
  }

  static Tensor infer(Module model, Tensor x) {
    try (Pass pass = Pass.study()) {
      return ChannelsLast.undo(model.apply(pass, pass.input(x)).value());
    }
  }

  private static void group(GoldenCase golden) {
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    GraphNet net = loaded(golden, x.shape());
    golden.expect("params_before", Costs.of(net, sample(x)).params());
    golden.expect("output_before", infer(net, x));

    Map<String, Object> prune = GoldenCase.map(golden.inputs().get("prune"));
    boolean in = prune.get("dim").equals("in");
    String path = prune.get("layer") + ".weight";
    int[] columns = in ? columns(net, x.shape(), path) : null;
    int[] indices =
        GoldenCase.list(prune.get("indices")).stream()
            .mapToInt(i -> ((Number) i).intValue())
            .map(
                i ->
                    in
                        ? IntStream.range(0, columns.length)
                            .filter(k -> columns[k] == i)
                            .findFirst()
                            .orElseThrow()
                        : i)
            .toArray();
    ChannelGraph graph = ChannelGraph.of(net, sample(x));
    ChannelSelection selection = graph.select(path, in ? -1 : 0, indices);
    golden.expect("group", members(net, x.shape(), selection));
    closes(graph, selection);
    selection.cut();
    golden.expect("params_after", Costs.of(net, sample(x)).params());
    golden.expect("shapes_after", shapes(net, x.shape()));
    golden.expect("output_after", infer(net, x));
  }

  /** Starting from any member, the same group comes back. */
  private static void closes(ChannelGraph graph, ChannelSelection selection) {
    for (Member member : selection.members()) {
      ChannelSelection same = graph.select(member.path(), member.axis(), member.indices());
      assertTrue(
          same.members().toString().length() > 0 && footprint(same).equals(footprint(selection)),
          () -> "from " + member + ":\n" + same);
    }
  }

  private static Map<String, List<Integer>> footprint(ChannelSelection selection) {
    Map<String, List<Integer>> footprint = new TreeMap<>();
    for (Member member : selection.members()) {
      footprint.put(
          member.path() + " " + member.axis(), IntStream.of(member.indices()).boxed().toList());
    }
    return footprint;
  }

  /** Returns for each of our columns of a weight the file's column. */
  private static int[] columns(Module net, Shape batch, String path) {
    Shape ours = net.parameter(path).shape();
    int columns = ours.size(-1);
    int[] sizes = ours.sizes();
    sizes[sizes.length - 1] = sizes.length > 2 ? sizes[1] : columns;
    if (sizes.length > 2) {
      sizes[1] = columns;
    }
    Tensor file = Tensor.zeros(sizes);
    int inner = file.count() / sizes[0] / columns;
    for (int e = 0; e < file.count(); e++) {
      file.set(e, e / inner % columns);
    }
    Tensor numbered = ChannelsFirst.of(net, batch.sample()).toChannelsLast(path, ours, file);
    return IntStream.range(0, columns).map(k -> (int) numbered.get(k)).toArray();
  }

  private static List<Map<String, Object>> members(
      GraphNet net, Shape batch, ChannelSelection selection) {
    Map<String, Map<String, Object>> entries = new TreeMap<>();
    for (Member member : selection.members()) {
      String dim = member.side().name().toLowerCase(Locale.ROOT);
      if (member.side() == Side.INDEX) {
        continue;
      }
      int[] indices = member.indices();
      if (member.side() == Side.IN) {
        int[] columns = columns(net, batch, member.path());
        indices = IntStream.of(indices).map(k -> columns[k]).sorted().toArray();
      }
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("layer", member.layer());
      entry.put("dim", dim);
      entry.put("indices", IntStream.of(indices).boxed().toList());
      Map<String, Object> before = entries.put(member.layer() + " " + dim, entry);
      assertTrue(before == null || before.equals(entry), () -> before + " but " + entry);
    }
    return List.copyOf(entries.values());
  }

  private static List<Map<String, Object>> shapes(GraphNet net, Shape batch) {
    Map<String, Integer> inputs = new LinkedHashMap<>();
    try (Pass pass = Pass.shapes()) {
      net.apply(pass, pass.input(batch));
      for (Call call : pass.tape().calls()) {
        inputs.putIfAbsent(call.scope(), call.input(0).shape().size(-1));
      }
    }
    List<Map<String, Object>> shapes = new ArrayList<>();
    for (Map<String, Object> layer : net.layers()) {
      Map<String, Object> after = new LinkedHashMap<>(layer);
      String name = (String) layer.get("name");
      if (layer.containsKey("features")) {
        after.put("features", net.parameter(name + ".weight").shape().size(0));
      } else {
        Shape weight = net.parameter(name + ".weight").shape();
        after.put("in", inputs.get(name));
        after.put("out", weight.size(0));
        after.computeIfPresent("groups", (k, v) -> inputs.get(name) / weight.size(-1));
      }
      shapes.add(after);
    }
    return shapes;
  }

  private static void partition(GoldenCase golden) {
    GraphNet net = GraphNet.of(golden);
    String[] never =
        GoldenCase.list(golden.inputs().get("never_pruned_layers")).toArray(String[]::new);
    ChannelGraph graph = ChannelGraph.builder(net, sample(net)).ignore(never).build();
    Map<Set<String>, Set<String>> consumersOf = new LinkedHashMap<>();
    for (ChannelGroup group : graph.prunable()) {
      Set<String> producers = new TreeSet<>();
      Set<String> consumers = new TreeSet<>();
      for (Member member : group.members()) {
        if (member.producer()) {
          producers.add(member.layer());
        } else if (member.side() == Side.IN) {
          consumers.add(member.layer());
        }
      }
      merge(consumersOf, producers, consumers);
    }
    List<Map<String, Object>> groups = new ArrayList<>();
    consumersOf.entrySet().stream()
        .sorted((a, b) -> a.getKey().toString().compareTo(b.getKey().toString()))
        .forEach(
            entry ->
                groups.add(
                    Map.of(
                        "producers",
                        List.copyOf(entry.getKey()),
                        "consumers",
                        List.copyOf(entry.getValue()))));
    golden.expect("groups", groups);
  }

  /** Joins what shares a producer: the file's groups speak of whole layers. */
  private static void merge(
      Map<Set<String>, Set<String>> consumersOf, Set<String> producers, Set<String> consumers) {
    for (Set<String> known : List.copyOf(consumersOf.keySet())) {
      if (known.stream().anyMatch(producers::contains)) {
        consumers.addAll(consumersOf.remove(known));
        producers.addAll(known);
      }
    }
    consumersOf.put(producers, consumers);
  }

  private static void importance(GoldenCase golden) {
    GraphNet net = GraphNet.of(golden);
    Shape sample = sample(net);
    net =
        loaded(
            golden,
            Shape.of(IntStream.concat(IntStream.of(1), IntStream.of(sample.sizes())).toArray()));
    ChannelGroup group = ChannelGraph.of(net, sample).groupOf(golden.text("root") + ".weight");
    Map<String, Object> scores = new LinkedHashMap<>();
    for (String key : GoldenCase.map(golden.expected().get("group_importance")).keySet()) {
      double[] values = criterion(key).score(group);
      scores.put(key, Tensor.of(Shape.of(values.length), values));
    }
    golden.expect("group_importance", scores);
  }

  private static Criterion criterion(String key) {
    Matcher matcher = IMPORTANCE.matcher(key);
    if (!matcher.matches()) {
      throw new AssertionError("no criterion is called '" + key + "'");
    }
    MemberReduction reduction = MemberReduction.valueOf(matcher.group(2).toUpperCase(Locale.ROOT));
    Normaliser normaliser =
        matcher.group(3) == null
            ? Normaliser.NONE
            : Normaliser.valueOf(matcher.group(3).toUpperCase(Locale.ROOT));
    return matcher.group(1).equals("1")
        ? new L1Norm(reduction, normaliser, false)
        : new L2Norm(reduction, normaliser, false);
  }

  /** Prunes both sides of the one grouped convolution by the L1 norms of filters. */
  private static void grouped(GoldenCase golden) {
    Tensor x = ChannelsLast.of(golden, "x", DType.F32);
    GraphNet net = loaded(golden, x.shape());
    String name =
        net.layers().stream()
            .filter(layer -> layer.containsKey("groups") && GraphNet.integer(layer, "groups") > 1)
            .map(layer -> (String) layer.get("name"))
            .findFirst()
            .orElseThrow();
    ChannelGraph graph = ChannelGraph.of(net, sample(x));
    ChannelGroup output = graph.groupOf(name + ".weight");
    ChannelGroup input =
        graph.groups().stream()
            .filter(
                group ->
                    group.members().stream()
                        .anyMatch(m -> m.layer().equals(name) && m.side() == Side.IN))
            .findFirst()
            .orElseThrow();
    golden.expect("offset_scores_input_side", scores(input));
    golden.expect("offset_scores_output_side", scores(output));
    PruningPlan all = Pruner.local(L1Norm.ofFilters(), golden.number("prune_ratio")).plan(graph);
    PruningPlan plan =
        new PruningPlan(graph, Map.of(input, keep(all, input), output, keep(all, output)));
    golden.expect("pruned_" + input.root().layer(), cut(plan, input));
    golden.expect("pruned_" + name + "_out", cut(plan, output));
    plan.apply();
    Shape weight = net.parameter(name + ".weight").shape();
    golden.expect(
        "grouped_weight_shape_after",
        List.of(weight.size(0), weight.size(3), weight.size(1), weight.size(2)));
    golden.expect("output_compact", infer(net, x));
  }

  private static org.espalier.nn.Indices keep(PruningPlan plan, ChannelGroup group) {
    return plan.keep().entrySet().stream()
        .filter(entry -> entry.getKey().name().equals(group.name()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  private static Tensor scores(ChannelGroup group) {
    double[] scores = L1Norm.ofFilters().score(group);
    return Tensor.of(Shape.of(scores.length), scores);
  }

  private static List<Integer> cut(PruningPlan plan, ChannelGroup group) {
    int[] rows = group.selection(plan.keep().get(group).complement()).members().get(0).indices();
    return IntStream.of(rows).boxed().toList();
  }
}
