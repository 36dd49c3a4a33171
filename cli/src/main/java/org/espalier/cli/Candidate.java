package org.espalier.cli;

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
    Module[] models = candidates.stream().map(Candidate::model).toArray(Module[]::new);
    double[] one = Latency.medians(input, 1, models);
    double[] many = Latency.medians(input, 64, models);
    TextTable table =
        new TextTable(
            "", "parameters", "MACs", "file bytes", "1 image", "64 images", "test accuracy");
    for (int i = 0; i < models.length; i++) {
      Candidate candidate = candidates.get(i);
      table.row(
          candidate.name(),
          Figures.count(candidate.costs().params()),
          Figures.count(candidate.costs().macs()),
          Figures.count(candidate.bytes()),
          Figures.milliseconds(one[i]),
          Figures.milliseconds(many[i]),
          Figures.percent(candidate.evaluation().accuracy()));
    }
    return table;
  }
}
