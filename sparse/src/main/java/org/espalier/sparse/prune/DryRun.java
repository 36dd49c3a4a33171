package org.espalier.sparse.prune;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Shows an iterative schedule before anything is cut: each step's plan takes the model from how it
 * is to how the step leaves it.
 *
 * @param steps the steps, at least one
 */
public record DryRun(List<PruningStep> steps) {
  /** Creates the dry run. */
  public DryRun {
    steps = List.copyOf(steps);
    if (steps.isEmpty()) {
      throw new IllegalArgumentException("dry run: the schedule cuts nothing");
    }
  }

  /** Returns what all steps together leave of the model. */
  public PruningPlan last() {
    return steps.get(steps.size() - 1).plan();
  }

  /**
   * Returns, for each group that loses channels, what goes and why it is coupled; then the groups'
   * widths after each step, and the costs after each step.
   */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(last().explain()).append('\n');
    last()
        .keep()
        .forEach(
            (group, kept) -> {
              if (!kept.isAll()) {
                text.append(widths(group)).append('\n');
              }
            });
    return text.append(steps.stream().map(PruningStep::toString).collect(Collectors.joining("\n")))
        .toString();
  }

  private String widths(ChannelGroup group) {
    return steps.stream()
        .map(step -> step.plan().keep().get(group))
        .map(kept -> String.valueOf(kept == null ? group.size() : kept.count()))
        .collect(Collectors.joining(" -> ", group.name() + "  " + group.size() + " -> ", ""));
  }
}
