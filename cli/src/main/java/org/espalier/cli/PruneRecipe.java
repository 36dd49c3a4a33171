package org.espalier.cli;

import java.util.Locale;

/**
 * Says how a run prunes: {@code none}, {@code sfp:0.4}, {@code asfp:0.4}, or {@code rls:0.2}, of
 * which {@link RecoveryRecipe} reads the rest.
 *
 * @param method none, soft filter pruning or its asymptotic form, or recursive least squares
 * @param ratio the pruned share of the filters, or each time of the inputs
 */
record PruneRecipe(Method method, double ratio) {
  /** Names the methods. */
  enum Method {
    NONE,
    SFP,
    ASFP,
    RLS
  }

  /** Reads the option. */
  static PruneRecipe parse(String text) {
    if (RecoveryRecipe.isMeant(text)) {
      return new PruneRecipe(Method.RLS, RecoveryRecipe.parse(text).ratio());
    }
    String[] parts = text.toLowerCase(Locale.ROOT).split(":", -1);
    if (text.equalsIgnoreCase("none")) {
      return new PruneRecipe(Method.NONE, 0);
    }
    if (parts.length != 2 || !(parts[0].equals("sfp") || parts[0].equals("asfp"))) {
      throw new IllegalArgumentException(
          "--prune takes none, sfp:RATIO, asfp:RATIO or rls:RATIO, got '" + text + "'");
    }
    return new PruneRecipe(
        Method.valueOf(parts[0].toUpperCase(Locale.ROOT)), ratio(parts[1], text));
  }

  /** Reads a ratio. */
  static double ratio(String number, String text) {
    double ratio;
    try {
      ratio = Double.parseDouble(number);
    } catch (NumberFormatException e) {
      ratio = Double.NaN;
    }
    if (!(ratio >= 0 && ratio < 1)) {
      throw new IllegalArgumentException(
          "--prune needs a ratio from 0 to below 1, got '" + text + "'");
    }
    return ratio;
  }

  /** Tells whether filters are zeroed softly, to be cut when the run is over. */
  boolean isSoft() {
    return method == Method.SFP || method == Method.ASFP;
  }

  /** Returns in how many epochs at the end of a run of so many the zeros are held. */
  int held(int epochs) {
    return isSoft() && epochs > 1 ? Math.max(1, epochs / 6) : 0;
  }

  /** Says what the recipe does in a run of so many epochs; 0 where that is not known yet. */
  String describe(int epochs) {
    if (method == Method.NONE) {
      return "no pruning";
    }
    String name = "%s:%s".formatted(method.name().toLowerCase(Locale.ROOT), ratio);
    if (method == Method.RLS) {
      return name + ", inputs pruned whenever the loss has recovered";
    }
    if (epochs == 0) {
      return name + ", zeros held in the last sixth of the epochs";
    }
    return switch (held(epochs)) {
      case 0 -> name;
      case 1 -> name + ", zeros held in the last epoch";
      default -> name + ", zeros held in the last " + held(epochs) + " epochs";
    };
  }
}
