package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;

/**
 * Prunes one group at a time by rising ratios, without training, and measures what is left (Li et
 * al., "Pruning Filters for Efficient ConvNets", ICLR 2017, section 3.2). The model is not
 * modified: really smaller copies are measured.
 *
 * @param pruner says which groups, by which criterion, and how ratios become counts; its amount and
 *     ranking are not used
 * @param ratios the ratios, ascending, in [0, 1)
 */
public record SensitivityAnalysis(Pruner pruner, List<Double> ratios) {
  /** Creates the analysis. */
  public SensitivityAnalysis {
    ratios = List.copyOf(ratios);
    if (ratios.isEmpty()
        || !ratios.stream().sorted(Comparator.naturalOrder()).toList().equals(ratios)) {
      throw new IllegalArgumentException("sensitivity: ratios must be ascending, got " + ratios);
    }
    ratios.forEach(Rounding::checked);
  }

  /** Returns the analysis by ratios 0.1, 0.2, ..., 0.9. */
  public static SensitivityAnalysis of(Pruner pruner) {
    return new SensitivityAnalysis(pruner, List.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9));
  }

  /** Measures; the graph's model is not modified. */
  public Sensitivity run(ChannelGraph graph, ToDoubleFunction<Module> accuracy) {
    return run(graph, accuracy, row -> {});
  }

  /**
   * Measures; the graph's model is not modified.
   *
   * @param accuracy measures a model on validation data
   * @param progress is handed each row as it is measured
   */
  public Sensitivity run(
      ChannelGraph graph, ToDoubleFunction<Module> accuracy, Consumer<Sensitivity.Row> progress) {
    Criterion criterion = pruner.criterion().on(graph);
    double baseline = measured(accuracy, graph.model());
    List<Sensitivity.Row> rows = new ArrayList<>();
    Map<String, double[]> curves = new LinkedHashMap<>();
    List<ChannelGroup> groups =
        graph.prunable().stream().filter(pruner.groups()).filter(criterion::covers).toList();
    for (ChannelGroup group : groups) {
      double[] scores = Scores.of(criterion, group);
      int staying = Scores.staying(scores);
      if (staying == scores.length) {
        continue;
      }
      curves.put(group.name(), curve(scores));
      for (double ratio : ratios) {
        int pruned = pruner.limits().rounding().pruned(group.originalSize(), ratio);
        int kept = Math.max(staying, pruner.limits().kept(group, pruned));
        TreeSet<Integer> out = Scores.weakest(scores, group.size() - kept);
        Module left = graph.trial(group.selection(Indices.where(group.size(), out::contains)));
        rows.add(
            new Sensitivity.Row(group.name(), ratio, group.size(), kept, measured(accuracy, left)));
        progress.accept(rows.get(rows.size() - 1));
      }
    }
    return new Sensitivity(baseline, rows, curves);
  }

  private static double measured(ToDoubleFunction<Module> accuracy, Module model) {
    double value = accuracy.applyAsDouble(model);
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException(
          "sensitivity: the accuracy is " + value + "; is there no validation data?");
    }
    return value;
  }

  /** Returns the finite scores in descending order, divided by the largest. */
  private static double[] curve(double... scores) {
    double[] rising = Arrays.stream(scores).filter(Double::isFinite).sorted().toArray();
    double[] curve = new double[rising.length];
    double largest = rising[rising.length - 1];
    for (int i = 0; i < curve.length; i++) {
      curve[i] = largest == 0 ? 0 : rising[rising.length - 1 - i] / largest;
    }
    return curve;
  }
}
