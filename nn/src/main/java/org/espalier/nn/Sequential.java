package org.espalier.nn;

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
    List<Module> modules = List.copyOf(children().values());
    Var current = x;
    int done = 0;
    while (done < modules.size()) {
      Module child = modules.get(done++);
      List<Module> behind = modules.subList(done, modules.size());
      List<Module> fused = behind.subList(0, child.fuses(pass, behind));
      Var next = child.applyFused(pass, current, fused);
      if (current != x && next != current) {
        pass.release(current);
      }
      current = next;
      done += fused.size();
    }
    return current;
  }

  /** Puts another module in a child's place. */
  public void replace(String name, Module module) {
    replaceChild(name, module);
  }

  @Override
  protected Spec describe() {
    return Spec.of("sequential");
  }
}
