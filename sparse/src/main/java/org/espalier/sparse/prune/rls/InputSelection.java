package org.espalier.sparse.prune.rls;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.nn.Identity;
import org.espalier.nn.Indices;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Conv1d;
import org.espalier.nn.layer.Conv2d;
import org.espalier.nn.layer.Flatten;
import org.espalier.nn.layer.Gather;
import org.espalier.nn.layer.Linear;

/**
 * Is a list of the inputs that one layer still reads: a gather right in front of it, named {@code
 * <layer>_inputs}. What is in front keeps its width, so data and streams stay as they are.
 *
 * @param gather hands the layer the inputs whose numbers it holds
 * @param weight the layer's weight
 * @param path the path of the weight
 */
public record InputSelection(Gather gather, Parameter weight, String path) {
  private static final String SUFFIX = "_inputs";

  /** Returns the numbers of the inputs that are left, as the layer in front gives them. */
  public int[] inputs() {
    return gather.index().raw().i32().clone();
  }

  /** Keeps only some of the inputs that are left: cuts the list and the weight's columns. */
  void cut(Indices keep) {
    gather.index().cut(0, keep);
    weight.cut(-1, keep);
  }

  /** Returns all lists of a model, in its order. */
  public static List<InputSelection> of(Module model) {
    List<InputSelection> found = new ArrayList<>();
    model
        .modules()
        .forEach(
            (path, module) ->
                module
                    .children()
                    .forEach(
                        (name, layer) -> {
                          Parameter weight = weight(layer);
                          if (weight != null
                              && module.children().get(name + SUFFIX) instanceof Gather gather) {
                            String owner = path.isEmpty() ? name : path + "." + name;
                            found.add(new InputSelection(gather, weight, owner + ".weight"));
                          }
                        }));
    return found;
  }

  /** Returns the weight of a layer that sums over inputs, or null. */
  private static Parameter weight(Module layer) {
    boolean sums = layer instanceof Linear || layer instanceof Conv2d || layer instanceof Conv1d;
    return sums ? layer.ownParameters().get("weight") : null;
  }

  /**
   * Puts a list of all inputs in front of a model's first layer, unless there is one.
   *
   * @return why that is impossible, null if it is done: only a linear layer or a convolution at the
   *     front of a sequence, behind nothing but a flatten, reads the model's input alone
   */
  static String beforeFirst(Module model) {
    if (!(model instanceof Sequential sequence)) {
      return "the model is a " + model.getClass().getSimpleName() + ", no Sequential";
    }
    for (Map.Entry<String, Module> child : sequence.children().entrySet()) {
      Module module = child.getValue();
      if (weight(module) != null) {
        return before(sequence, child.getKey());
      }
      if (module instanceof Sequential inner) {
        return beforeFirst(inner);
      }
      boolean transparent =
          module instanceof Flatten || module instanceof Identity || module instanceof Gather;
      if (!transparent) {
        return "the input is read first by '"
            + child.getKey()
            + "', no linear layer or convolution";
      }
    }
    return "it has no layer";
  }

  /** Puts a list of all inputs in front of a layer; returns why that is impossible, or null. */
  static String before(Sequential sequence, String name) {
    Module layer = sequence.children().get(name);
    if (sequence.children().containsKey(name + SUFFIX)) {
      return null;
    }
    if (isGrouped(layer)) {
      return "'" + name + "' is a convolution in groups, which must stay of one size";
    }
    int inputs = weight(layer).shape().size(-1);
    sequence.insertBefore(name, name + SUFFIX, new Gather(IntStream.range(0, inputs).toArray()));
    return null;
  }

  private static boolean isGrouped(Module layer) {
    return layer instanceof Conv2d conv2d && conv2d.options().grouped()
        || layer instanceof Conv1d conv1d && conv1d.options().grouped();
  }
}
