package org.espalier.nn;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.StateException;

/**
 * Puts other modules in the place of layers anywhere in a model: the two layers of a decomposition
 * in that of a convolution, a grouped convolution in that of a dense one. The result is a tree of
 * the same containers, so it is saved and loaded like any other.
 */
public final class LayerReplacement {
  /** Chooses what stands in the place of a layer. */
  @FunctionalInterface
  public interface Choice {
    /**
     * Returns the module that takes the place of a layer, or null to keep the layer.
     *
     * @param path the layer's dotted path
     * @param layer the layer, not modified
     */
    Module replacement(String path, Module layer);
  }

  /** A place of the tree and what comes there. */
  private record Place(Module parent, String name, Module replacement) {}

  private final Choice choice;
  private final List<Place> places = new ArrayList<>();
  private final Map<String, Module> replaced = new LinkedHashMap<>();
  private final IdentityHashMap<Module, Module> answers = new IdentityHashMap<>();

  private LayerReplacement(Choice choice) {
    this.choice = choice;
  }

  /**
   * Replaces the modules below a model that a choice has an answer for, and returns the old ones by
   * path. Each is asked for once, in order, containers before what they hold; what is replaced is
   * not entered. A module that stands in several places is replaced in all of them by one module.
   * Nothing is changed until all answers are there, so a failing choice leaves the model as it was.
   *
   * @param model modified
   * @param choice says what comes where
   * @throws StateException if a layer is to be replaced whose parent is not one of the containers
   *     of this package and may hold it in a field
   */
  public static Map<String, Module> in(Module model, Choice choice) {
    LayerReplacement replacement = new LayerReplacement(choice);
    replacement.collect(model, "");
    replacement.apply();
    return replacement.replaced;
  }

  private void collect(Module parent, String path) {
    parent
        .children()
        .forEach(
            (name, child) -> {
              String childPath = path.isEmpty() ? name : path + "." + name;
              boolean known = answers.containsKey(child);
              Module answer = known ? answers.get(child) : choice.replacement(childPath, child);
              answers.put(child, answer);
              if (answer != null) {
                requireContainer(parent, path, name);
                replaced.putIfAbsent(childPath, child);
                places.add(new Place(parent, name, answer));
              } else if (!known) {
                collect(child, childPath);
              }
            });
  }

  private static void requireContainer(Module parent, String path, String name) {
    boolean readsChildren =
        parent instanceof Sequential
            || parent instanceof Residual
            || parent instanceof Concat
            || parent instanceof Product;
    if (!readsChildren) {
      throw new StateException(
          "layer replacement: '%s' is a child of '%s', a %s, which may keep it in a field; only children of Sequential, Residual, Concat and Product can be replaced"
              .formatted(name, path, parent.getClass().getSimpleName()));
    }
  }

  /** Goes backwards, so that a module in several places ends with the name of its first one. */
  private void apply() {
    for (int i = places.size() - 1; i >= 0; i--) {
      Place place = places.get(i);
      place.parent().replaceChild(place.name(), place.replacement());
    }
  }
}
