package org.espalier.nn;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.function.Function;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;

/**
 * Turns type names of a {@link Spec} into modules; found by {@link ServiceLoader}, so that loading
 * a model names no class and runs no class named by a file. The nn and sparse modules bring theirs,
 * users their own.
 */
public interface ModuleTypes {
  /**
   * The type of a child that is the same module as one before; its option {@code path} says which.
   */
  String SHARED = "shared";

  /** Builds a module of one type. */
  @FunctionalInterface
  interface Factory {
    /**
     * Builds the module.
     *
     * @param spec type and options
     * @param children the children, built already
     * @param shapes gives the shape of a saved tensor by local name, null where there is none
     */
    Module create(Spec spec, Map<String, Module> children, Function<String, Shape> shapes);
  }

  /**
   * Builds a parametrization of one type; shapes are those of its own saved tensors by local name.
   */
  @FunctionalInterface
  interface ParametrizationFactory {
    /** Builds the parametrization. */
    Parametrization create(Spec spec, Function<String, Shape> shapes);

    /**
     * Returns the shape of the parameter that this is attached to: that of its saved raw value,
     * unless the parametrization keeps the value elsewhere.
     *
     * @param raw the shape of the saved raw value
     */
    default Shape declared(Spec spec, Function<String, Shape> shapes, Shape raw) {
      return raw;
    }
  }

  /** Returns the module types by name. */
  Map<String, Factory> modules();

  /** Returns the parametrization types by name. */
  default Map<String, ParametrizationFactory> parametrizations() {
    return Map.of();
  }

  /**
   * Builds a model from its spec; {@code shapes} gives the shape of each saved tensor by dotted
   * path, or null.
   */
  static Module build(Spec spec, Function<String, Shape> shapes) {
    return new Assembler(shapes).build(spec, "");
  }

  /** Assembles one model. */
  final class Assembler {
    private final Function<String, Shape> shapes;
    private final Map<String, Factory> modules = new TreeMap<>();
    private final Map<String, ParametrizationFactory> parametrizations = new TreeMap<>();
    private final Map<String, Module> built = new LinkedHashMap<>();

    private Assembler(Function<String, Shape> shapes) {
      this.shapes = shapes;
      for (ModuleTypes types :
          ServiceLoader.load(ModuleTypes.class, ModuleTypes.class.getClassLoader())) {
        modules.putAll(types.modules());
        parametrizations.putAll(types.parametrizations());
      }
    }

    private Module build(Spec spec, String path) {
      if (spec.type().equals(SHARED)) {
        return shared(spec, path);
      }
      Map<String, Module> children = new LinkedHashMap<>();
      spec.children().forEach((name, child) -> children.put(name, build(child, join(path, name))));
      Module module =
          known(modules, spec.type(), "module", path)
              .create(spec, children, name -> declared(spec, path, name));
      spec.parametrizations()
          .forEach((name, attached) -> attach(module, join(path, name), name, attached));
      built.put(path, module);
      return module;
    }

    /** Returns the shape of a tensor as the layer declared it, null where there is none. */
    private Shape declared(Spec layer, String layerPath, String name) {
      String path = join(layerPath, name);
      Shape shape = shapes.apply(path);
      for (Spec spec : layer.parametrizations().getOrDefault(name, List.of())) {
        shape =
            known(parametrizations, spec.type(), "parametrization", path)
                .declared(spec, own(path, spec), shape);
      }
      return shape;
    }

    private Function<String, Shape> own(String path, Spec parametrization) {
      return local -> shapes.apply(path + "." + parametrization.type() + "." + local);
    }

    private Module shared(Spec spec, String path) {
      Module before = built.get(spec.text("path"));
      if (before == null) {
        throw new FormatException(
            "model: " + path + " shares '" + spec.text("path") + "', which comes not before it");
      }
      return before;
    }

    private void attach(Module module, String path, String name, List<Spec> attached) {
      Parameter parameter = module.ownParameters().get(name);
      Port port = module.port(name);
      if (parameter == null && port == null) {
        throw new FormatException(
            "model: a parametrization names " + path + ", which does not exist");
      }
      for (Spec spec : attached) {
        Parametrization created =
            known(parametrizations, spec.type(), "parametrization", path)
                .create(spec, own(path, spec));
        if (parameter == null) {
          port.attach(created);
        } else {
          parameter.attachForLoading(created);
        }
      }
    }

    private static <T> T known(Map<String, T> types, String type, String kind, String path) {
      T found = types.get(type);
      if (found == null) {
        throw new FormatException(
            "model: unknown %s type '%s' at '%s'; known are %s; put the jar that registers it as a service of %s on the path"
                .formatted(kind, type, path, types.keySet(), ModuleTypes.class.getName()));
      }
      return found;
    }

    private static String join(String path, String name) {
      return path.isEmpty() ? name : path + "." + name;
    }
  }
}
