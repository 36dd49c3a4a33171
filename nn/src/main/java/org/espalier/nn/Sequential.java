package org.espalier.nn;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Var;

/** Runs its children one after the other, and frees each value when the next child has read it. */
public final class Sequential extends Module {
  /** Collects named children in order. */
  public static final class Builder {
    private final Map<String, Module> children = new LinkedHashMap<>();

    private Builder() {}

    /** Adds a child. */
    public Builder add(String name, Module child) {
      if (children.put(name, child) != null) {
        throw new IllegalArgumentException("sequential: two children are named '" + name + "'");
      }
      return this;
    }

    /** Returns the module. */
    public Sequential build() {
      return new Sequential(children);
    }
  }

  /** Creates the module from children by name. */
  public Sequential(Map<String, ? extends Module> children) {
    children.forEach(this::child);
  }

  /** Returns a builder. */
  public static Builder builder() {
    return new Builder();
  }

  /** Creates a module whose children are named {@code 0}, {@code 1}, ... */
  public static Sequential of(Module... children) {
    Map<String, Module> numbered = new LinkedHashMap<>();
    for (Module child : children) {
      numbered.put(String.valueOf(numbered.size()), child);
    }
    return new Sequential(numbered);
  }

  @Override
  protected Var forward(Pass pass, Var x) {
    return run(pass, x, List.copyOf(children().values()));
  }

  /**
   * Fuses with what its last child fuses with: a layer that was replaced by a chain still computes
   * the norm and the activation behind it.
   */
  @Override
  protected int fuses(Pass pass, List<Module> behind) {
    int own = children().size();
    if (own == 0 || behind.isEmpty()) {
      return 0;
    }
    List<Module> modules = joined(behind);
    int done = 0;
    while (done < own) {
      Module child = modules.get(done++);
      done += fusing(pass, child, child.fusible(modules.subList(done, modules.size())));
    }
    // What leaves the last of them is transformed once, by whoever runs this module.
    return done > own && modules.get(done - 1).output().isEmpty() ? done - own : 0;
  }

  @Override
  protected Var forwardFused(Pass pass, Var x, List<Module> fused) {
    return run(pass, x, joined(fused));
  }

  private List<Module> joined(List<Module> behind) {
    List<Module> modules = new ArrayList<>(children().values());
    modules.addAll(behind);
    return modules;
  }

  private static Var run(Pass pass, Var x, List<Module> modules) {
    Var current = x;
    int done = 0;
    while (done < modules.size()) {
      Module child = modules.get(done++);
      List<Module> behind = child.fusible(modules.subList(done, modules.size()));
      List<Module> fused = behind.subList(0, fusing(pass, child, behind));
      Var next = child.applyFused(pass, current, fused);
      if (current != x && next != current) {
        pass.release(current);
      }
      current = next;
      done += fused.size();
    }
    return current;
  }

  /** Returns how many modules run with a child; one whose own output is wanted runs alone. */
  private static int fusing(Pass pass, Module child, List<Module> behind) {
    int fusing = child.fuses(pass, behind);
    boolean observed =
        fusing > 0
            && (pass.observes(child.name())
                || behind.subList(0, fusing).stream().anyMatch(m -> pass.observes(m.name())));
    return observed ? 0 : fusing;
  }

  /** Puts another module in a child's place. */
  public void replace(String name, Module module) {
    replaceChild(name, module);
  }

  /** Takes a child away; the others keep their names and order. */
  public void remove(String name) {
    removeChild(name);
  }

  /** Puts a new child in front of another one; the others keep their names and order. */
  public void insertBefore(String name, String newName, Module module) {
    if (!children().containsKey(name)) {
      throw new IllegalArgumentException("no child '" + name + "', got " + children().keySet());
    }
    if (newName.isEmpty() || newName.contains(".") || children().containsKey(newName)) {
      throw new IllegalArgumentException(
          "name '%s' must be non-empty, without dots and not taken (%s)"
              .formatted(newName, children().keySet()));
    }
    Map<String, Module> before = new LinkedHashMap<>(children());
    before.keySet().forEach(this::removeChild);
    before.forEach(
        (childName, child) -> {
          if (childName.equals(name)) {
            child(newName, module);
          }
          child(childName, child);
        });
  }

  @Override
  protected Spec describe() {
    return Spec.of("sequential");
  }
}
