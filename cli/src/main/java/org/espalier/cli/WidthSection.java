package org.espalier.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.cli.report.HtmlReport;
import org.espalier.nn.Module;
import org.espalier.sparse.prune.ChannelGraph;
import org.espalier.sparse.prune.ChannelGroup;
import org.espalier.sparse.prune.CompactReport.Width;
import org.espalier.sparse.prune.Member;

/** Shows in a report how wide each layer was before pruning and is after it. */
final class WidthSection {
  private WidthSection() {}

  /** Returns the number of channels of each layer that makes some, in the order of the pass. */
  static Map<String, Integer> of(ChannelGraph graph) {
    Map<String, Integer> widths = new LinkedHashMap<>();
    for (ChannelGroup group : graph.groups()) {
      for (Member member : group.members()) {
        if (member.producer()) {
          widths.put(member.path(), member.parameter().shape().size(0));
        }
      }
    }
    Map<String, Integer> inOrder = new LinkedHashMap<>();
    for (String path : graph.model().state().keySet()) {
      if (widths.containsKey(path)) {
        inOrder.put(path, widths.get(path));
      }
    }
    return inOrder;
  }

  /** Joins the widths of then with those that the model has now. */
  static List<Width> now(Map<String, Integer> before, Module model) {
    List<Width> widths = new ArrayList<>();
    before.forEach(
        (path, width) ->
            widths.add(new Width(path, width, model.state().get(path).shape().size(0))));
    return widths;
  }

  /** Adds bars and a table. */
  static void add(HtmlReport report, List<Width> widths) {
    List<String> names = widths.stream().map(width -> width.path().replace(".weight", "")).toList();
    Map<String, List<Integer>> series = new LinkedHashMap<>();
    series.put("before", widths.stream().map(Width::before).toList());
    series.put("after", widths.stream().map(Width::after).toList());
    report
        .section("Channels a layer, before and after")
        .bars("Channels", "channels", names, series);
    List<List<String>> rows = new ArrayList<>(List.of(List.of("layer", "before", "after")));
    widths.forEach(
        width ->
            rows.add(
                List.of(
                    width.path(), String.valueOf(width.before()), String.valueOf(width.after()))));
    report.table(rows);
  }
}
