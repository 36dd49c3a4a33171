package org.espalier.cli;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.espalier.sparse.prune.Amount;
import org.espalier.sparse.prune.Budget;
import org.espalier.sparse.prune.Ratios;

/**
 * Says how much a command cuts: {@code 50%macs}, {@code 30%params}, {@code 40%channels}, or by
 * layer {@code layer1=60%+layer2=30%}.
 *
 * @param percent what goes, above 0 and below 100; 0 where only some layers are cut
 * @param of what it goes of
 * @param layers what goes of the channels of layers, or of all below a path, in percent
 */
record Cut(double percent, Of of, Map<String, Double> layers) {
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

  private static final Pattern BY_LAYER = Pattern.compile("([^=+%\\s]+)=(\\d{1,2}(?:\\.\\d+)?)%");

  Cut {
    layers = Collections.unmodifiableMap(new LinkedHashMap<>(layers));
  }

  /** Reads the option; a bare percentage is one of the multiply-accumulates. */
  static Cut parse(String option, String text) {
    if (text.contains("=")) {
      return new Cut(0, Of.CHANNELS, layers(option, text));
    }
    Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (matcher.matches() && Double.parseDouble(matcher.group(1)) > 0) {
      String unit = matcher.group(2).isEmpty() ? "macs" : matcher.group(2);
      for (Of of : Of.values()) {
        if (of.name().toLowerCase(Locale.ROOT).equals(unit)) {
          return new Cut(Double.parseDouble(matcher.group(1)), of, Map.of());
        }
      }
    }
    throw refused(option, text);
  }

  private static Map<String, Double> layers(String option, String text) {
    Map<String, Double> layers = new LinkedHashMap<>();
    for (String part : text.strip().split("\\+", -1)) {
      Matcher matcher = BY_LAYER.matcher(part.strip());
      if (!matcher.matches()
          || layers.put(matcher.group(1), Double.valueOf(matcher.group(2))) != null) {
        throw refused(option, text);
      }
    }
    return layers;
  }

  private static IllegalArgumentException refused(String option, String text) {
    return new IllegalArgumentException(
        ("%s takes a share of what goes, above 0 and below 100, such as 50%%macs, 30%%params or 40%%channels,"
                + " or shares of the channels of layers, each once, such as layer1=60%%+layer2=30%%; got '%s'")
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
    if (!layers.isEmpty()) {
      Ratios ratios = Ratios.of(share);
      for (Map.Entry<String, Double> layer : layers.entrySet()) {
        ratios = ratios.with(layer.getValue() / 100, layer.getKey());
      }
      return ratios;
    }
    return switch (of) {
      case MACS -> Budget.macs(1 - share);
      case PARAMS -> Budget.parameters(1 - share);
      case CHANNELS -> Ratios.of(share);
    };
  }

  /** Returns the option's text, the same for the same cut. */
  String option() {
    return layers.isEmpty()
        ? number(percent) + "%" + of.name().toLowerCase(Locale.ROOT)
        : layers.entrySet().stream()
            .map(layer -> layer.getKey() + "=" + number(layer.getValue()) + "%")
            .collect(Collectors.joining("+"));
  }

  private static String number(double percent) {
    return percent == Math.rint(percent) ? String.valueOf((long) percent) : String.valueOf(percent);
  }

  /** Returns what goes, in words. */
  @Override
  public String toString() {
    return layers.isEmpty()
        ? number(percent) + " % of the " + of.words
        : layers.entrySet().stream()
            .map(layer -> number(layer.getValue()) + " % of " + layer.getKey())
            .collect(Collectors.joining(", ", "", " (" + of.words + ")"));
  }
}
