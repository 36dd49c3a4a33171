package org.espalier.sparse.prune.criterion.filter;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.espalier.nn.Module;
import org.espalier.nn.Residual;

/** Finds where the residual blocks of a model keep their branches and shortcuts. */
final class Blocks {
  private final List<String> branches = new ArrayList<>();
  private final List<String> shortcuts = new ArrayList<>();

  Blocks(Module model) {
    for (Map.Entry<String, Module> entry : model.modules().entrySet()) {
      if (entry.getValue() instanceof Residual block) {
        String prefix = entry.getKey().isEmpty() ? "" : entry.getKey() + ".";
        for (Map.Entry<String, Module> child : block.children().entrySet()) {
          boolean branch = child.getValue() == block.branch();
          (branch ? branches : shortcuts).add(prefix + child.getKey() + ".");
        }
      }
    }
  }

  /** Tells whether a parameter's path lies on a shortcut. */
  boolean isOnShortcut(String path) {
    return shortcuts.stream().anyMatch(path::startsWith);
  }

  /** Returns the beginning of the innermost branch that a path lies in, null if in none. */
  String branchOf(String path) {
    return branches.stream()
        .filter(path::startsWith)
        .reduce((a, b) -> b.length() > a.length() ? b : a)
        .orElse(null);
  }
}
