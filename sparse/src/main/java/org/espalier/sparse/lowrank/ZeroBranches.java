package org.espalier.sparse.lowrank;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;
import org.espalier.nn.Identity;
import org.espalier.nn.LayerReplacement;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Drops branches of residual blocks that add nothing but zeros, because one of their layers is zero
 * (sheet 09, 2.7): the block becomes its shortcut.
 *
 * <p>Behind a layer that gives zeros for every input the rest of a branch has one output; it is
 * computed once, and the branch goes only if that is zero too: a batch norm behind the layer may
 * shift it.
 */
final class ZeroBranches {
  /** Shapes of what zero layers return, for one sample, by the layers' paths. */
  private final Map<String, Shape> zeros;

  private ZeroBranches(Map<String, Shape> zeros) {
    this.zeros = zeros;
  }

  /**
   * Drops such branches and returns the paths of their blocks.
   *
   * @param model modified
   * @param zeros what the layers of zero weight return, batch axis included, by their paths
   */
  static List<String> drop(Module model, Map<String, Shape> zeros) {
    if (zeros.isEmpty()) {
      return List.of();
    }
    ZeroBranches branches = new ZeroBranches(zeros);
    return new ArrayList<>(LayerReplacement.in(model, branches::replacement).keySet());
  }

  private Module replacement(String path, Module module) {
    boolean drops =
        module instanceof Residual block
            && block.input().isEmpty()
            && block.output().isEmpty()
            && isZero(path + ".branch", block.branch());
    if (!drops) {
      return null;
    }
    Module shortcut = ((Residual) module).shortcut();
    return shortcut == null ? new Identity() : shortcut;
  }

  private boolean isZero(String path, Module branch) {
    if (givesZeros(path, branch)) {
      return true;
    }
    if (!(branch instanceof Sequential) || !branch.output().isEmpty()) {
      return false;
    }
    List<Module> behind = new ArrayList<>();
    Shape zero = null;
    for (Map.Entry<String, Module> child : branch.children().entrySet()) {
      String childPath = path + "." + child.getKey();
      if (givesZeros(childPath, child.getValue())) {
        zero = zeros.get(childPath);
        behind.clear();
      } else {
        behind.add(child.getValue());
      }
    }
    return zero != null && staysZero(zero, behind);
  }

  private boolean givesZeros(String path, Module pair) {
    return zeros.containsKey(path)
        && pair.output().isEmpty()
        && pair.state().entrySet().stream()
            .filter(entry -> entry.getKey().endsWith("bias"))
            .allMatch(entry -> isZero(entry.getValue()));
  }

  private static boolean isZero(Parameter parameter) {
    return isZero(parameter.value());
  }

  private static boolean isZero(Tensor values) {
    for (int i = 0; i < values.count(); i++) {
      if (values.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  private static boolean staysZero(Shape shape, List<Module> behind) {
    try (Pass pass = Pass.infer(new Workspace())) {
      Var current = pass.input(Tensor.zeros(shape.sizes()));
      for (Module module : behind) {
        current = module.apply(pass, current);
      }
      return isZero(current.value());
    }
  }
}
