package org.espalier.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Cost;
import org.espalier.tensor.Shape;

/**
 * Lists the layers of a model in the order in which they run, with output shapes, parameters and
 * multiply-accumulates for one sample; {@link #toString} prints it as a table.
 *
 * @param rows the layers
 * @param total the whole model's costs
 */
public record Summary(List<Row> rows, Costs total) {
  /**
   * One module in whose scope something was computed.
   *
   * @param path the scope; a module run again is {@code path#2} and counts no parameters
   * @param type the module's type name
   * @param output the shape of its last result, without the batch axis; null for a module with
   *     parameters that did not run
   * @param params the trainable numbers it owns
   * @param macs the multiply-accumulates of its own calls
   */
  public record Row(String path, String type, Shape output, long params, long macs) {}

  private static final List<String> HEADINGS =
      List.of("layer", "type", "output", "parameters", "MACs");

  /** Lists a model for a sample whose sizes come without the batch axis. */
  public static Summary of(Module model, Shape sample) {
    ShapeTrace trace = new ShapeTrace(model, sample);
    Map<String, Call> last = new LinkedHashMap<>();
    Map<String, Cost> costs = new LinkedHashMap<>();
    for (Call call : trace.calls()) {
      last.put(call.scope(), call);
      costs.merge(call.scope(), call.op().cost(call.axes()), Cost::plus);
    }
    List<Row> rows = new ArrayList<>();
    List<Module> shown = new ArrayList<>();
    last.forEach(
        (scope, call) -> {
          Module module = trace.module(call);
          boolean first = module != null && !shown.contains(module);
          long params = first ? params(module) : 0;
          shown.add(module);
          rows.add(
              new Row(
                  scope,
                  module == null ? call.op().name() : module.describe().type(),
                  withoutBatch(call.output().shape()),
                  params,
                  costs.get(scope).macs()));
        });
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (!shown.contains(module) && params(module) > 0) {
                rows.add(new Row(path, module.describe().type(), null, params(module), 0));
              }
            });
    return new Summary(List.copyOf(rows), Costs.of(model, sample));
  }

  private static long params(Module module) {
    return module.ownParameters().values().stream()
        .filter(parameter -> !parameter.isBuffer())
        .mapToLong(Costs::stored)
        .sum();
  }

  private static Shape withoutBatch(Shape shape) {
    return shape.rank() == 0 ? shape : Shape.of(Arrays.copyOfRange(shape.sizes(), 1, shape.rank()));
  }

  @Override
  public String toString() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADINGS);
    for (Row row : rows) {
      lines.add(
          List.of(
              row.path.isEmpty() ? "(model)" : row.path,
              row.type,
              row.output == null ? "not run" : row.output.toString(),
              number(row.params),
              number(row.macs)));
    }
    lines.add(List.of("total", "", "", number(total.params()), number(total.macs())));
    return print(lines);
  }

  private static String number(long value) {
    return String.format(Locale.ROOT, "%,d", value);
  }

  private static String print(List<List<String>> lines) {
    int[] widths = new int[HEADINGS.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    String format =
        "%%-%ds  %%-%ds  %%-%ds  %%%ds  %%%ds%n"
            .formatted(widths[0], widths[1], widths[2], widths[3], widths[4]);
    StringBuilder table = new StringBuilder();
    for (List<String> line : lines) {
      table.append(String.format(Locale.ROOT, format, line.toArray()));
    }
    return table.toString();
  }
}
