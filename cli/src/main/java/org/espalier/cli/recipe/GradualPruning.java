package org.espalier.cli.recipe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.nn.Module;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.Ranking;
import org.espalier.sparse.prune.unstructured.CubicSparsitySchedule;
import org.espalier.sparse.prune.unstructured.MagnitudePruning;
import org.espalier.sparse.prune.unstructured.MaskPattern;

/**
 * Prunes the smallest connections while the network trains, along the cubic schedule: {@code
 * gmp:0.9}, {@code gmp:0.9,ranking=local}, in whole blocks {@code gmp:0.9,block=4x1}, or two of
 * four {@code gmp:2:4}. Without more words masks change over the first three quarters of the run.
 */
final class GradualPruning implements Technique {
  private static final String EXAMPLE = "gmp:0.9 or gmp:2:4";
  private static final Pattern PAIR_OF = Pattern.compile("(\\d{1,4}):(\\d{1,4})");
  private static final Pattern BLOCK = Pattern.compile("(\\d{1,4})x(\\d{1,4})");
  private static final String SPARSITY = "sparsity";
  private static final String RANKING = "ranking";
  private static final double USUAL_END = 0.75;

  /** A short run chooses its masks as often as this, a long one every hundred steps. */
  private static final int FEWEST_CHOICES = 20;

  private final NamedOptions options;
  private final double sparsity;
  private final MaskPattern pattern;
  private MagnitudePruning pruning;

  private GradualPruning(NamedOptions options) {
    this.options = options;
    Matcher pair = PAIR_OF.matcher(options.text(SPARSITY));
    if (pair.matches()) {
      int kept = Integer.parseInt(pair.group(1));
      int of = Integer.parseInt(pair.group(2));
      if (kept < 1 || kept >= of) {
        throw options.wrong(SPARSITY, "N:M with 0 < N < M, as in 2:4");
      }
      refuseBeside(pair.group(), RANKING, "block");
      sparsity = 1 - (double) kept / of;
      pattern = MaskPattern.ofEach(kept, of);
    } else {
      sparsity = options.share(SPARSITY);
      pattern = pattern();
    }
    schedule(1000, 1000);
    options.integer("every", 1);
  }

  /** Reads the words; values out of range are refused. */
  static GradualPruning parse(Words words) {
    return new GradualPruning(
        words.optionsWith(
            SPARSITY, EXAMPLE, RANKING, "block", "begin", "end", "every", "initial", "exclude"));
  }

  private MaskPattern pattern() {
    if (!options.has("block")) {
      return MaskPattern.of(options.word(RANKING, Ranking.GLOBAL));
    }
    Matcher block = BLOCK.matcher(options.text("block"));
    if (!block.matches() || block.group(1).matches("0+") || block.group(2).matches("0+")) {
      throw options.wrong("block", "outputs x inputs, as in 4x1");
    }
    refuseBeside("block", RANKING);
    return MaskPattern.blocks(Integer.parseInt(block.group(1)), Integer.parseInt(block.group(2)));
  }

  private void refuseBeside(String given, String... names) {
    for (String name : names) {
      if (options.has(name)) {
        throw new IllegalArgumentException(
            "--prune gmp: %s ranks layer by layer in a way of its own; leave out %s"
                .formatted(given, name));
      }
    }
  }

  @Override
  public Kind kind() {
    return Kind.GMP;
  }

  @Override
  public void check(Terms terms) {
    terms.requireKnownLength("--prune gmp", "its schedule follows the number of steps");
    terms.requireFullLength(
        "--prune gmp", "the best epoch may be one from before the sparsity was reached");
    if (end(terms.epochs()) > terms.epochs()) {
      throw options.wrong("end", "at most the " + terms.epochs() + " epochs of the run");
    }
  }

  private double end(int epochs) {
    return options.notNegative("end", USUAL_END * epochs);
  }

  /** Returns the schedule of a run; it ends with a choice, so that the sparsity is reached. */
  private CubicSparsitySchedule schedule(int epochs, double stepsAnEpoch) {
    double beginEpoch = options.notNegative("begin", 0);
    if (beginEpoch >= end(epochs)) {
      throw options.wrong(
          options.has("begin") ? "begin" : "end", "such that begin comes before end");
    }
    long begin = Math.round(beginEpoch * stepsAnEpoch);
    long span = Math.max(1, Math.round(end(epochs) * stepsAnEpoch) - begin);
    long usual =
        Math.min(CubicSparsitySchedule.DEFAULT_FREQUENCY, Math.max(1, span / FEWEST_CHOICES));
    long every = Math.min(span, options.integer("every", (int) usual));
    long end = every < 1 ? begin + span : begin + span / every * every;
    return new CubicSparsitySchedule(options.number("initial", 0), sparsity, begin, end, every, 3);
  }

  @Override
  public String describe(int epochs) {
    String end = epochs == 0 ? "" : " over %s epochs".formatted(NamedOptions.plain(end(epochs)));
    return "gmp:%s, smallest connections masked%s".formatted(options.text(SPARSITY), end);
  }

  @Override
  public void prepare(Module model, Site site) {
    pruning(site).attach(model);
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    trainer.callback(pruning(site));
  }

  private MagnitudePruning pruning(Site site) {
    if (pruning == null) {
      pruning =
          MagnitudePruning.of(
              site.input(),
              schedule(site.epochs(), site.training().count()),
              pattern,
              options.list("exclude"));
    }
    return pruning;
  }

  @Override
  public void finish(Ending ending) {
    SparseEnding.finish(ending);
  }
}
