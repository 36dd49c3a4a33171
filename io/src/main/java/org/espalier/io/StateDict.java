package org.espalier.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.espalier.nn.Module;
import org.espalier.nn.Parameter;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.ShapeException;
import org.espalier.tensor.Tensor;

/**
 * Moves weights between a model and named channels-first tensors, as PyTorch's state dictionaries
 * hold them.
 */
public final class StateDict {
  /**
   * Says what fitted and what did not.
   *
   * @param loaded paths that got a value
   * @param missing paths the file has no tensor for
   * @param extra tensors the model has no place for
   * @param misshaped what was got and expected, a line a tensor
   */
  public record Report(
      List<String> loaded, List<String> missing, List<String> extra, List<String> misshaped) {
    /** Tells whether every tensor found its place and every place its tensor. */
    public boolean isComplete() {
      return missing.isEmpty() && extra.isEmpty() && misshaped.isEmpty();
    }

    @Override
    public String toString() {
      return "loaded %d; missing %s; extra %s; of another shape %s"
          .formatted(loaded.size(), missing, extra, misshaped);
    }
  }

  private StateDict() {}

  /**
   * Loads tensors into a model and refuses unless all fit.
   *
   * @param model gets the values
   * @param sampleShape the shape of one sample, without the batch axis
   * @param tensors channels-first tensors by the file's names
   * @param fileName gives the file's name for each of our paths
   */
  public static void load(
      Module model,
      Shape sampleShape,
      Map<String, Tensor> tensors,
      UnaryOperator<String> fileName) {
    Report report = fit(model, sampleShape, tensors, fileName, false);
    if (!report.isComplete()) {
      throw new FormatException("weights do not fit the model, nothing was loaded: " + report);
    }
    fit(model, sampleShape, tensors, fileName, true);
  }

  /** Loads what fits and reports the rest. */
  public static Report loadLenient(
      Module model,
      Shape sampleShape,
      Map<String, Tensor> tensors,
      UnaryOperator<String> fileName) {
    return fit(model, sampleShape, tensors, fileName, true);
  }

  /** Returns a model's values as channels-first tensors under a file's names. */
  public static Map<String, Tensor> save(
      Module model, Shape sampleShape, UnaryOperator<String> fileName) {
    ChannelsFirst layout = ChannelsFirst.of(model, sampleShape);
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, Parameter> entry : transferable(model).entrySet()) {
      tensors.put(
          fileName.apply(entry.getKey()),
          layout.toChannelsFirst(entry.getKey(), entry.getValue().value()));
    }
    return tensors;
  }

  /** Index buffers are architecture, not weights: other engines have no tensor for them. */
  private static Map<String, Parameter> transferable(Module model) {
    Map<String, Parameter> floating = new LinkedHashMap<>();
    model
        .state()
        .forEach(
            (path, parameter) -> {
              if (parameter.dtype().isFloating()) {
                floating.put(path, parameter);
              }
            });
    return floating;
  }

  private static Report fit(
      Module model,
      Shape sampleShape,
      Map<String, Tensor> tensors,
      UnaryOperator<String> fileName,
      boolean assign) {
    ChannelsFirst layout = ChannelsFirst.of(model, sampleShape);
    Report report =
        new Report(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    Set<String> unused = new LinkedHashSet<>(tensors.keySet());
    unused.removeIf(name -> name.endsWith("num_batches_tracked"));
    transferable(model)
        .forEach(
            (path, parameter) -> {
              String name = fileName.apply(path);
              unused.remove(name);
              if (tensors.containsKey(name)) {
                place(layout, path, parameter, tensors.get(name), assign, report);
              } else if (!path.endsWith("num_batches_tracked")) {
                report.missing.add(path + " (as " + name + ")");
              }
            });
    report.extra.addAll(unused);
    return report;
  }

  private static void place(
      ChannelsFirst layout,
      String path,
      Parameter parameter,
      Tensor tensor,
      boolean assign,
      Report report) {
    try {
      Tensor value = layout.toChannelsLast(path, parameter.shape(), tensor);
      if (assign) {
        parameter.set(value);
      }
      report.loaded.add(path);
    } catch (ShapeException e) {
      report.misshaped.add(e.getMessage());
    }
  }
}
