package org.espalier.sparse.decomposition;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiPredicate;
import org.espalier.nn.LayerReplacement;
import org.espalier.nn.Module;
import org.espalier.nn.Port;

/**
 * Decomposes the layers of a whole model in place. Layers that a method does not take, that were
 * not chosen, or whose chain would have no fewer parameters stay; the report names the latter too.
 *
 * <pre>{@code
 * ModelDecomposition.decompose(model, new TuckerDecomposition(new Rank.Share(0.5)));
 * }</pre>
 */
public final class ModelDecomposition {
  /**
   * Is what became of one layer that a method takes.
   *
   * @param path the layer's path
   * @param parametersBefore its trainable numbers
   * @param parametersAfter those of the chain
   * @param relativeError {@code ‖W - Ŵ‖ / ‖W‖} of the chain
   * @param isReplaced whether the chain stands in the layer's place: not where it is no smaller
   */
  public record Layer(
      String path,
      long parametersBefore,
      long parametersAfter,
      double relativeError,
      boolean isReplaced) {}

  private ModelDecomposition() {}

  /** Decomposes every layer that the method takes. */
  public static List<Layer> decompose(Module model, LayerDecomposition method) {
    return decompose(model, method, (path, layer) -> true);
  }

  /**
   * Decomposes chosen layers; nothing is changed if one of them cannot be.
   *
   * @param model with values; modified
   * @param method what makes a chain of a layer
   * @param chosen which of the layers that the method takes are decomposed, by path
   * @return what became of each chosen layer, in the model's order
   * @throws IllegalArgumentException if no layer is chosen, or a rank or number of groups does not
   *     fit one
   */
  public static List<Layer> decompose(
      Module model, LayerDecomposition method, BiPredicate<String, Module> chosen) {
    List<Layer> report = new ArrayList<>();
    LayerReplacement.in(
        model,
        (path, layer) ->
            method.accepts(layer) && chosen.test(path, layer)
                ? replacement(path, layer, method, report)
                : null);
    if (report.isEmpty()) {
      throw new IllegalArgumentException(
          "%s: none of the chosen layers can be decomposed so".formatted(method.name()));
    }
    return Collections.unmodifiableList(report);
  }

  private static Module replacement(
      String path, Module layer, LayerDecomposition method, List<Layer> report) {
    LayerDecomposition.Chain chain = decomposed(path, layer, method);
    long before = parameters(layer);
    long after = parameters(chain.chain());
    boolean smaller = after < before;
    report.add(new Layer(path, before, after, chain.relativeError(), smaller));
    if (!smaller) {
      return null;
    }
    takeOver(layer, chain.chain());
    return chain.chain();
  }

  /** Lets a chain be transformed, and frozen, as the layer was. */
  private static void takeOver(Module layer, Module chain) {
    takeOver(layer.input(), chain.input());
    takeOver(layer.output(), chain.output());
    if (!layer.ownParameters().get("weight").isTrainable()) {
      chain.parameters().forEach(parameter -> parameter.setTrainable(false));
    }
  }

  private static void takeOver(Port old, Port chain) {
    // Chains that the low-rank package makes have the layer's transforms already.
    if (chain.isEmpty()) {
      old.parametrizations().forEach(chain::attach);
    }
  }

  private static LayerDecomposition.Chain decomposed(
      String path, Module layer, LayerDecomposition method) {
    try {
      return method.decompose(layer);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage() + " (at " + path + ")", e);
    }
  }

  private static long parameters(Module module) {
    return module.modules().values().stream()
        .flatMap(part -> part.ownParameters().values().stream())
        .filter(parameter -> !parameter.isBuffer())
        .mapToLong(parameter -> parameter.shape().count())
        .sum();
  }
}
