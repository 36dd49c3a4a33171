package org.espalier.sparse.prune.criterion.hrank;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.espalier.sparse.prune.Rounding;

/**
 * States which fraction of its filters each layer loses, in the order of the pass, as the released
 * command line writes it: {@code [0.95]+[0.5]*6+[0.9]*4+[0.8]*2} (HRank, sheet 08, section 2.4).
 *
 * @param values the fractions pruned, each in [0, 1)
 */
public record CompressRates(List<Double> values) {
  private static final Logger LOG = System.getLogger(CompressRates.class.getName());
  private static final Pattern TERM =
      Pattern.compile("\\[\\s*(\\d+\\.\\d*|\\.\\d+)\\s*\\](?:\\s*\\*\\s*(\\d+))?");

  /** Creates the rates. */
  public CompressRates {
    values = List.copyOf(values);
    for (double rate : values) {
      if (!(rate >= 0 && rate < 1)) {
        throw new IllegalArgumentException("compress rate: must be in [0, 1), got " + rate);
      }
    }
  }

  /**
   * Reads terms {@code [rate]*count} joined by {@code +}; the count is optional, and a rate needs a
   * decimal point.
   */
  public static CompressRates parse(String text) {
    List<Double> values = new ArrayList<>();
    for (String term : text.strip().split("\\+", -1)) {
      Matcher matcher = TERM.matcher(term.strip());
      if (!matcher.matches()) {
        throw new IllegalArgumentException(
            "compress rate: the term '%s' of '%s' is not of the form [0.5]*6"
                .formatted(term, text));
      }
      double rate = Double.parseDouble(matcher.group(1));
      if (rate >= 1) {
        throw new IllegalArgumentException(
            "compress rate: must be in [0, 1), got '%s' in '%s'".formatted(term, text));
      }
      int count = matcher.group(2) == null ? 1 : Integer.parseInt(matcher.group(2));
      for (int i = 0; i < count; i++) {
        values.add(rate);
      }
    }
    return new CompressRates(values);
  }

  /** Returns the number of layers. */
  public int size() {
    return values.size();
  }

  /** Returns the rate of a layer. */
  public double of(int layer) {
    return values.get(layer);
  }

  /**
   * Returns how many of a layer's filters go, {@code ⌊n·c + 1e-9⌋}, but never all of them.
   *
   * @param layer the layer's number, from 0
   * @param filters n
   */
  public int pruned(int layer, int filters) {
    int pruned = Rounding.PRUNE_FLOOR.pruned(filters, of(layer));
    if (pruned == filters) {
      LOG.log(
          Level.WARNING,
          "compress rate: {0} takes all {1} filters of layer {2}; one is kept",
          of(layer),
          filters,
          layer);
    }
    return Math.min(pruned, filters - 1);
  }

  /**
   * Returns the filters of a layer that go: those of lowest score, of equal ones the lower number
   * first.
   *
   * @param layer the layer's number, from 0
   * @param scores one a filter
   * @return their numbers, ascending
   */
  public int[] weakest(int layer, double... scores) {
    return IntStream.range(0, scores.length)
        .boxed()
        .sorted(Comparator.comparingDouble(filter -> scores[filter]))
        .limit(pruned(layer, scores.length))
        .mapToInt(Integer::intValue)
        .sorted()
        .toArray();
  }

  /** Returns the rates as an array. */
  public double[] toArray() {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Returns the terms, equal neighbours together. */
  @Override
  public String toString() {
    List<String> terms = new ArrayList<>();
    double[] rates = toArray();
    int from = 0;
    while (from < rates.length) {
      int to = from;
      while (to < rates.length && rates[to] == rates[from]) {
        to++;
      }
      terms.add("[" + rates[from] + "]" + (to - from == 1 ? "" : "*" + (to - from)));
      from = to;
    }
    return String.join("+", terms.isEmpty() ? Arrays.asList("") : terms);
  }
}
