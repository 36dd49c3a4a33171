package org.espalier.cli;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.espalier.nn.Module;
import org.espalier.sparse.decomposition.CpDecomposition;
import org.espalier.sparse.decomposition.GroupedDecomposition;
import org.espalier.sparse.decomposition.GroupedDecomposition.Channels;
import org.espalier.sparse.decomposition.LayerDecomposition;
import org.espalier.sparse.decomposition.Rank;
import org.espalier.sparse.decomposition.SeparableDecomposition;
import org.espalier.sparse.decomposition.SvdDecomposition;
import org.espalier.sparse.decomposition.TuckerDecomposition;

/**
 * Says how a model is decomposed.
 *
 * @param methodText the method as the user wrote it
 * @param rankText the rank as the user wrote it, null where none was said
 * @param method what makes a chain of a layer
 * @param skipped paths of layers and containers that are left alone
 */
record DecompositionRecipe(
    String methodText, String rankText, LayerDecomposition method, List<String> skipped) {
  /** What may be said for the method. */
  static final String METHODS = "svd, tucker2, cp, separable, separable:M, grouped:G or shuffled:G";

  /** What may be said for the rank. */
  static final String RANKS =
      "a whole number such as 16, a share such as 0.25, or energy:0.9 (svd and tucker2)";

  private static final String DEFAULT_SHARE = "0.25";

  /**
   * Reads the options.
   *
   * @param rankText null where none was said
   */
  static DecompositionRecipe parse(String methodText, String rankText, List<String> skipped) {
    LayerDecomposition method =
        switch (methodText) {
          case "svd" -> new SvdDecomposition(rank(rankText));
          case "tucker2" -> new TuckerDecomposition(rank(rankText));
          case "cp" -> new CpDecomposition(rank(rankText));
          default -> withoutRank(methodText, rankText);
        };
    return new DecompositionRecipe(methodText, rankText, method, List.copyOf(skipped));
  }

  private static LayerDecomposition withoutRank(String text, String rankText) {
    if (!text.matches("separable(:\\d{1,6})?|(grouped|shuffled):\\d{1,6}")) {
      throw new IllegalArgumentException("--method is " + METHODS + ", got '" + text + "'");
    }
    if (rankText != null) {
      throw new IllegalArgumentException(
          "--rank is for svd, tucker2 and cp, got --method " + text + "; write " + METHODS);
    }
    int colon = text.indexOf(':');
    int number = colon < 0 ? 1 : Integer.parseInt(text.substring(colon + 1));
    return switch (text.replaceAll(":.*", "")) {
      case "grouped" -> new GroupedDecomposition(number);
      case "shuffled" -> new GroupedDecomposition(number, Channels.SHUFFLED);
      default -> new SeparableDecomposition(number);
    };
  }

  private static Rank rank(String said) {
    String text = said == null ? DEFAULT_SHARE : said;
    if (text.matches("[1-9]\\d{0,8}")) {
      return new Rank.Fixed(Integer.parseInt(text));
    }
    String number = text.startsWith("energy:") ? text.substring("energy:".length()) : text;
    if (!number.matches("0?\\.\\d{1,17}|1\\.0+|1")) {
      throw new IllegalArgumentException("--rank is " + RANKS + ", got '" + text + "'");
    }
    double share = Double.parseDouble(number);
    return text.equals(number) ? new Rank.Share(share) : new Rank.Energy(share);
  }

  /** Returns which layers are decomposed. */
  BiPredicate<String, Module> chosen() {
    return (path, layer) ->
        skipped.stream().noneMatch(skip -> path.equals(skip) || path.startsWith(skip + "."));
  }

  /** Refuses skipped paths that the model does not have. */
  void check(Module model) {
    Set<String> known = new LinkedHashSet<>(model.modules().keySet());
    known.remove("");
    for (String path : skipped) {
      if (!known.contains(path)) {
        throw new IllegalArgumentException(
            "--skip names '%s', the model has %s".formatted(path, known));
      }
    }
  }

  /** Returns method and rank in words. */
  String title() {
    return method instanceof SeparableDecomposition || method instanceof GroupedDecomposition
        ? methodText
        : methodText + ", rank " + (rankText == null ? DEFAULT_SHARE : rankText);
  }

  /** Returns the record that is saved with the model. */
  Map<String, Object> meta() {
    Map<String, Object> meta = new LinkedHashMap<>();
    meta.put("method", methodText);
    meta.put("rank", rankText == null ? "" : rankText);
    meta.put("skip", String.join(",", skipped));
    return meta;
  }
}
