package org.espalier.sparse.prune;

import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.espalier.nn.Module;

/**
 * States what the model may cost when it is pruned: channels go until it is met. Under a local
 * ranking all groups lose the same ratio, the least that meets the budget; under a global one the
 * weakest channels go one after another.
 */
public final class Budget implements Amount {
  /** Says what the model of a graph costs without some channels. */
  @FunctionalInterface
  private interface Measure {
    double of(ChannelGraph graph, Collection<Unit> going);
  }

  private final String what;
  private final Measure measure;
  private final ToDoubleFunction<ChannelGraph> whole;
  private final double limit;
  private final boolean relative;
  private final double progress;

  private Budget(
      String what,
      Measure measure,
      ToDoubleFunction<ChannelGraph> whole,
      double limit,
      boolean relative,
      double progress) {
    this.what = what;
    this.measure = measure;
    this.whole = whole;
    this.limit = limit;
    this.relative = relative;
    this.progress = progress;
  }

  /**
   * Returns a budget of multiply-accumulates.
   *
   * @param share what may stay of them, in (0, 1]: 0.5 prunes until 50 % of the MACs are left
   */
  public static Budget macs(double share) {
    return new Budget(
        "MACs",
        (graph, going) -> graph.forecast().macsWithout(going),
        graph -> graph.forecast().macsAsRead(),
        checkedLeft(share),
        true,
        1);
  }

  /**
   * Returns a budget of trainable numbers.
   *
   * @param share what may stay of them, in (0, 1]
   */
  public static Budget parameters(double share) {
    return new Budget(
        "parameters",
        (graph, going) -> graph.forecast().parametersWithout(going),
        graph -> graph.forecast().parametersAsRead(),
        checkedLeft(share),
        true,
        1);
  }

  /**
   * Returns a budget of time, or of whatever else can be measured on a model.
   *
   * @param limit the most that the pruned model may take, in the units of the measure
   * @param stopwatch measures a model, such as the median time of some passes; it is handed really
   *     smaller copies, about a dozen for a plan, and should not rise when channels go
   */
  public static Budget latency(double limit, ToDoubleFunction<Module> stopwatch) {
    if (!(limit > 0)) {
      throw new IllegalArgumentException("budget: the latency must be above 0, got " + limit);
    }
    return new Budget(
        "latency",
        (graph, going) ->
            stopwatch.applyAsDouble(graph.trial(new ChannelSelection(graph, List.copyOf(going)))),
        graph -> stopwatch.applyAsDouble(graph.model()),
        limit,
        false,
        1);
  }

  private static double checkedLeft(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "budget: what may stay must be a share in (0, 1], got " + share);
    }
    return share;
  }

  /**
   * Returns this budget with the cost of the whole model settled, so that the steps on the way to
   * it start from there although the model shrinks meanwhile.
   */
  Budget settled(ChannelGraph graph) {
    double before = whole.applyAsDouble(graph);
    return new Budget(what, measure, any -> before, limit, relative, progress);
  }

  /** Returns the most that the pruned model may cost. */
  double limit(ChannelGraph graph) {
    if (!relative && progress == 1) {
      return limit;
    }
    double before = whole.applyAsDouble(graph);
    double goal = relative ? limit * before : limit;
    return before - (before - goal) * progress;
  }

  /** Returns what the model costs without some channels. */
  double cost(ChannelGraph graph, Collection<Unit> going) {
    return measure.of(graph, going);
  }

  /** Returns the name of what is limited, for messages. */
  String what() {
    return what;
  }

  @Override
  public Budget scaled(double share) {
    return new Budget(what, measure, whole, limit, relative, progress * Amount.checkedShare(share));
  }

  @Override
  public void check(List<ChannelGroup> groups) {
    if (groups.isEmpty()) {
      throw new IllegalArgumentException(
          "budget (" + this + "): there is no group whose channels may be cut");
    }
  }

  @Override
  public String toString() {
    String goal =
        relative
            ? String.format(Locale.ROOT, "at most %.1f %% of the %s", 100 * limit, what)
            : "a " + what + " of at most " + limit;
    return goal + (progress == 1 ? "" : ", " + progress + " of the way");
  }
}
