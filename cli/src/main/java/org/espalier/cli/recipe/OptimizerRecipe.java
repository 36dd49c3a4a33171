package org.espalier.cli.recipe;

import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.espalier.optim.Optimizer;
import org.espalier.optim.Rls;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;

/**
 * Says how a run learns: {@code sgd} or {@code rls}, with options such as {@code
 * sgd:momentum=0,schedule=constant} or {@code rls:momentum=0.5}.
 *
 * @param kind the optimizer
 * @param options its options
 */
public record OptimizerRecipe(Kind kind, NamedOptions options) {
  /** Names the optimizers. */
  public enum Kind {
    /** Stochastic gradient descent. */
    SGD(0.1, 5e-4, "momentum", "nesterov", "schedule"),
    /** Recursive least squares. */
    RLS(
        1,
        0,
        "momentum",
        "average",
        "forgetting",
        "initial",
        "max-inputs",
        "blocks",
        "strict",
        "companion-rate",
        "schedule");

    private final double rate;
    private final double weightDecay;
    private final Set<String> names;

    Kind(double rate, double weightDecay, String... names) {
      this.rate = rate;
      this.weightDecay = weightDecay;
      this.names = new TreeSet<>(Set.of(names));
    }
  }

  /** Names the courses of the learning rate. */
  private enum Course {
    /** Rises, then falls along half a cosine. */
    COSINE,
    /** Stays as it is. */
    CONSTANT
  }

  private static final String OPTION = "--optimizer";

  /** Reads the option. */
  public static OptimizerRecipe parse(String text) {
    int colon = text.indexOf(':');
    String name = colon < 0 ? text : text.substring(0, colon);
    for (Kind kind : Kind.values()) {
      if (kind.name().equals(name.toUpperCase(Locale.ROOT))) {
        String behind = colon < 0 ? "" : text.substring(colon + 1);
        return new OptimizerRecipe(kind, NamedOptions.parse(OPTION, behind, kind.names));
      }
    }
    throw new IllegalArgumentException(
        OPTION
            + " takes sgd or rls, and options behind a colon as in rls:momentum=0.5, got '"
            + text
            + "'");
  }

  /** Returns the learning rate where the user names none. */
  public double usualRate() {
    return kind.rate;
  }

  /** Returns the weight decay where the user names none. */
  public double usualWeightDecay() {
    return kind.weightDecay;
  }

  /** Returns the optimizer; options out of range are refused. */
  public Optimizer optimizer(double rate, double weightDecay) {
    return kind == Kind.SGD ? sgd(rate, weightDecay) : rls(rate, weightDecay);
  }

  private Optimizer sgd(double rate, double weightDecay) {
    double momentum = options.number("momentum", 0.9);
    return Sgd.builder()
        .rate(rate)
        .momentum(momentum)
        .nesterov(options.flag("nesterov", momentum > 0))
        .weightDecay(weightDecay)
        .build();
  }

  private Optimizer rls(double rate, double weightDecay) {
    double companionRate = options.number("companion-rate", 0.01);
    Rls.Builder builder =
        Rls.builder()
            .gradientScale(rate)
            .weightDecay(weightDecay)
            .momentum(options.number("momentum", 0))
            .averageScale(options.number("average", 0.1))
            .forgettingFactor(options.number("forgetting", 1))
            .initialP(options.number("initial", 1))
            .maxInputSize(options.integer("max-inputs", 4608))
            .companion(Sgd.builder().rate(companionRate).momentum(0.9).build());
    if (options.flag("blocks", false)) {
      builder.blockDiagonal();
    }
    if (options.flag("strict", false)) {
      builder.strict();
    }
    return builder.build();
  }

  /**
   * Returns the course of the learning rate over so many parts of a run; recursive least squares
   * needs none.
   *
   * @param rising the parts at its beginning in which a course that rises does so
   */
  public Schedule schedule(int rising, int parts) {
    Course usual = kind == Kind.SGD ? Course.COSINE : Course.CONSTANT;
    return options.word("schedule", usual) == Course.COSINE
        ? Schedule.warmupCosine(rising, parts, 0)
        : Schedule.constant();
  }
}
