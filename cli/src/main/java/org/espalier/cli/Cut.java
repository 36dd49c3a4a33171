package org.espalier.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.Ratios;

/**
 * Says how much a command cuts: {@code 50%macs}, {@code 30%params} or {@code 40%channels}.
 *
 * @param percent what goes, above 0 and below 100
 * @param of what it goes of
 */
record Cut(double percent, Of of) {
  /** Names what can be counted. */
  enum Of {
    /** Multiply-accumulates of one sample. */
    MACS("MACs"),
    /** Trainable numbers. */
    PARAMS("parameters"),
    /** Channels of the groups that take part. */
    CHANNELS("channels");

    private final String words;

    Of(String words) {
      this.words = words;
    }
  }

  private static final Pattern FORM = Pattern.compile("(\\d{1,2}(?:\\.\\d+)?)%([a-z]*)");

  /** Reads the option; a bare percentage is one of the multiply-accumulates. */
  static Cut parse(String option, String text) {
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (matcher.matches() && Double.parseDouble(matcher.group(1)) > 0) {
      String unit = matcher.group(2).isEmpty() ? "macs" : matcher.group(2);
      for (Of of : Of.values()) {
        if (of.name().toLowerCase(Locale.ROOT).equals(unit)) {
          return new Cut(Double.parseDouble(matcher.group(1)), of);
        }
      }
    }
    throw new IllegalArgumentException(
        "%s takes a share of what goes, above 0 and below 100, such as 50%%macs, 30%%params or 40%%channels; got '%s'"
            .formatted(option, text));
  }

  /** Reads cuts separated by commas, each once. */
  static List<Cut> list(String option, String texts) {
    List<Cut> cuts = Arrays.stream(texts.split(",", -1)).map(text -> parse(option, text)).toList();
    if (cuts.stream().distinct().count() < cuts.size()) {
      throw new IllegalArgumentException(option + " names a cut twice: '" + texts + "'");
    }
    return cuts;
  }

  /** Returns the amount as the pruner takes it. */
  Amount amount() {
    double share = percent / 100;
    return switch (of) {
      case MACS -> Budget.macs(1 - share);
      case PARAMS -> Budget.parameters(1 - share);
      case CHANNELS -> Ratios.of(share);
    };
  }

  /** Returns the option's text, the same for the same cut. */
  String option() {
    return number() + "%" + of.name().toLowerCase(Locale.ROOT);
  }

  private String number() {
    return percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent);
  }

  /** Returns what goes, in words. */
  @Override
  public String toString() {
    return number() + " % of the " + of.words;
  }
}
