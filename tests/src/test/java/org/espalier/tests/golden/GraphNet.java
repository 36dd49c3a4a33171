package org.espalier.tests.golden;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Ops;
import org.espalier.autograd.op.PoolOptions;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Spec;
import org.espalier.nn.layer.BatchNorm;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.ConvConfig;
import org.espalier.nn.layer.Linear;

/**
 * Is a model written as the golden files write graphs: {@code x -> conv1 -> bn1 -> relu = t0; t0 ->
 * conv2 -> (+ t0) -> global_mean -> fc}, with layers described by a list.
 */
final class GraphNet extends Module {
  private static final Pattern CALL = Pattern.compile("(\\w+)\\s*(\\(.*\\))?");
  private static final Pattern POOL = Pattern.compile("(max|avg)pool(\\d+)");

  private final String graph;
  private final List<Map<String, Object>> layers;

  GraphNet(String graph, List<Object> layers) {
    this.graph = graph;
    this.layers = layers.stream().map(GoldenCase::map).toList();
    for (Map<String, Object> layer : this.layers) {
      child((String) layer.get("name"), module(layer));
    }
  }

  /** Returns the net of a case. */
  static GraphNet of(GoldenCase golden) {
    return new GraphNet(golden.text("graph"), GoldenCase.list(golden.inputs().get("layers")));
  }

  private static Module module(Map<String, Object> layer) {
    return switch ((String) layer.get("type")) {
      case "conv2d" -> conv(layer);
      case "batchnorm2d" -> new BatchNorm(integer(layer, "features"));
      case "linear" ->
          new Linear(
              integer(layer, "in"), integer(layer, "out"), Boolean.TRUE.equals(layer.get("bias")));
      default -> throw new AssertionError("no layer type " + layer);
    };
  }

  private static Conv2d conv(Map<String, Object> layer) {
    List<Object> kernel = GoldenCase.list(layer.get("kernel"));
    ConvConfig config =
        ConvConfig.kernel(((Number) kernel.get(0)).intValue(), ((Number) kernel.get(1)).intValue())
            .withStride(integer(layer, "stride"))
            .withPadding(integer(layer, "padding"))
            .withGroups(integer(layer, "groups"));
    return new Conv2d(
        integer(layer, "in"),
        integer(layer, "out"),
        config.withBias(Boolean.TRUE.equals(layer.get("bias"))));
  }

  static int integer(Map<String, Object> layer, String key) {
    return ((Number) layer.get(key)).intValue();
  }

  /** Returns the layers as the file describes them. */
  List<Map<String, Object>> layers() {
    return layers;
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    Map<String, Var> values = new LinkedHashMap<>();
    values.put("x", x);
    Var last = x;
    for (String statement : split(graph, ";")) {
      List<String> sides = split(statement, "=");
      last = chain(sides.get(0), pass, values);
      if (sides.size() > 1) {
        values.put(sides.get(1), last);
      }
    }
    return last;
  }

  private Var chain(String text, Pass pass, Map<String, Var> values) {
    List<String> steps = split(text, "->");
    Var current = source(steps.get(0), pass, values);
    for (String step : steps.subList(1, steps.size())) {
      if (step.startsWith("(+")) {
        String other = step.substring(2, step.length() - 1);
        current = Ops.add(current, chain(other, pass, values));
      } else {
        current = step(step, pass, current);
      }
    }
    return current;
  }

  /** Returns a named value, a concatenation {@code concat(a, b)}, or a layer of a value. */
  private Var source(String text, Pass pass, Map<String, Var> values) {
    if (values.containsKey(text)) {
      return values.get(text);
    }
    String argument = text.substring(text.lastIndexOf('(') + 1, text.length() - 1);
    if (text.startsWith("concat")) {
      List<Var> parts = new ArrayList<>();
      for (String name : argument.split(";")[0].split(",")) {
        parts.add(chain(name, pass, values));
      }
      return Ops.concat(-1, parts.toArray(Var[]::new));
    }
    return step(name(text), pass, chain(argument, pass, values));
  }

  private static String name(String text) {
    Matcher matcher = CALL.matcher(text);
    if (!matcher.matches()) {
      throw new AssertionError("cannot read the step '" + text + "'");
    }
    return matcher.group(1);
  }

  private Var step(String text, Pass pass, Var x) {
    String name = name(text);
    if (children().containsKey(name)) {
      return children().get(name).apply(pass, x);
    }
    Matcher pool = POOL.matcher(name);
    if (pool.matches()) {
      PoolOptions options = PoolOptions.kernel(Integer.parseInt(pool.group(2)));
      return pool.group(1).equals("max")
          ? Ops.maxPool2d(x, options)
          : Ops.averagePool2d(x, options);
    }
    return switch (name) {
      case "relu" -> Ops.relu(x);
      case "relu6" -> Ops.relu6(x);
      case "sigmoid" -> Ops.sigmoid(x);
      case "tanh" -> Ops.tanh(x);
      case "silu" -> Ops.silu(x);
      case "flatten" -> Ops.flatten(x);
      case "global_mean" -> Ops.globalAveragePool(x);
      default -> throw new AssertionError("no step '" + text + "' in " + graph);
    };
  }

  /** Splits at a separator outside parentheses. */
  private static List<String> split(String text, String separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      depth += text.charAt(i) == '(' ? 1 : text.charAt(i) == ')' ? -1 : 0;
      if (depth == 0 && text.startsWith(separator, i)) {
        parts.add(text.substring(from, i).trim());
        from = i + separator.length();
      }
    }
    parts.add(text.substring(from).trim());
    return parts;
  }

  @Override
  protected Spec describe() {
    return Spec.of("golden_graph");
  }
}
