package org.espalier.cli;

import java.util.ArrayList;
import java.util.List;
import org.espalier.nn.Costs;
import org.espalier.nn.Module;
import org.espalier.optim.train.Evaluation;
import org.espalier.tensor.Shape;

/**
 * Is one of the models that a run compares, with what was measured of it.
 *
 * @param name dense, masked or compact; dense, pruned or fine-tuned
 * @param model the model
 * @param costs parameters and multiply-accumulates
 * @param bytes the size of its file
 * @param evaluation what it did on the test samples
 */
record Candidate(String name, Module model, Costs costs, long bytes, Evaluation evaluation) {
  /**
   * Returns the models side by side; their latency is measured for it.
   *
   * @param input the shape of one sample
   */
  static TextTable table(List<Candidate> candidates, Shape input) {
    return table(candidates, input, false);
  }

  /**
   * Returns the same with weights other than zero, and the work they make, where they are counted.
   */
  static TextTable table(List<Candidate> candidates, Shape input, boolean zerosCount) {
    Module[] models = candidates.stream().map(Candidate::model).toArray(Module[]::new);
    double[] one = Latency.medians(input, 1, models);
    double[] many = Latency.medians(input, 64, models);
    List<String> headings = new ArrayList<>(List.of("", "parameters", "MACs"));
    if (zerosCount) {
      headings.add(2, "non-zero");
      headings.add("effective MACs");
    }
    headings.addAll(List.of("file bytes", "1 image", "64 images", "test accuracy"));
    TextTable table = new TextTable(headings.toArray(String[]::new));
    for (int i = 0; i < models.length; i++) {
      Candidate candidate = candidates.get(i);
      List<String> row = new ArrayList<>(List.of(candidate.name()));
      row.add(Figures.count(candidate.costs().params()));
      row.add(Figures.count(candidate.costs().macs()));
      if (zerosCount) {
        EffectiveWork work = EffectiveWork.of(candidate.model(), input);
        row.add(2, Figures.count(candidate.costs().nonZeroParams()));
        row.add(Figures.count(work.effectiveMacs()));
      }
      row.add(Figures.count(candidate.bytes()));
      row.add(Figures.milliseconds(one[i]));
      row.add(Figures.milliseconds(many[i]));
      row.add(Figures.percent(candidate.evaluation().accuracy()));
      table.row(row.toArray(String[]::new));
    }
    return table;
  }
}
