package org.espalier.sparse.prune;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.espalier.autograd.Call;
import org.espalier.nn.Identity;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.Residual;
import org.espalier.nn.Sequential;
import org.espalier.nn.layer.Scatter;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;

/**
 * Puts a scatter behind every branch and shortcut of residual blocks, so that the members of a
 * stream can be cut one by one while the stream keeps its width (soft filter pruning, section 2.7).
 */
final class StreamLoosener {
  private static final String SCATTER = "scatter";

  /** A block and what it was before. */
  private record Loosened(Residual block, Module branch, Module shortcut) {}

  private final List<Loosened> loosened = new ArrayList<>();
  private final DType dtype;

  private StreamLoosener(DType dtype) {
    this.dtype = dtype;
  }

  /** Loosens all residual blocks of a model, which computes what it computed before. */
  static StreamLoosener loosen(Module model, Shape sampleShape) {
    Map<String, Integer> widths = widths(model, sampleShape);
    StreamLoosener loosener = new StreamLoosener(ChannelGraph.dtype(model));
    model
        .modules()
        .forEach(
            (path, module) -> {
              if (module instanceof Residual block && widths.containsKey(path)) {
                loosener.loosen(block, widths.get(path));
              }
            });
    return loosener;
  }

  /** Returns the channels behind the sum of each scope that makes one. */
  private static Map<String, Integer> widths(Module model, Shape sampleShape) {
    Map<String, Integer> widths = new HashMap<>();
    try (Pass pass = Pass.shapes()) {
      Shape batch = ChannelGraph.batch(sampleShape);
      model.apply(pass, pass.tape().input(ChannelGraph.dtype(model), batch, false));
      for (Call call : pass.tape().calls()) {
        if (call.op().name().equals("add")) {
          widths.put(call.scope(), call.output().shape().size(-1));
        }
      }
    }
    return widths;
  }

  private void loosen(Residual block, int width) {
    loosened.add(new Loosened(block, block.branch(), block.shortcut()));
    if (!endsInScatter(block.branch())) {
      block.setBranch(append(block.branch(), width));
    }
    if (block.shortcut() == null) {
      block.setShortcut(identity(width));
    } else if (!endsInScatter(block.shortcut())) {
      block.setShortcut(append(block.shortcut(), width));
    }
  }

  private Module identity(int width) {
    return new Scatter(IntStream.range(0, width).toArray(), width).convert(dtype);
  }

  private Sequential append(Module module, int width) {
    if (module instanceof Sequential sequence) {
      Map<String, Module> children = new LinkedHashMap<>(sequence.children());
      children.put(SCATTER, identity(width));
      return new Sequential(children);
    }
    Map<String, Module> children = new LinkedHashMap<>();
    children.put("main", new Identity());
    children.put(SCATTER, identity(width));
    Sequential wrapped = new Sequential(children);
    wrapped.replace("main", module);
    return wrapped;
  }

  private static boolean endsInScatter(Module module) {
    return last(module) instanceof Scatter;
  }

  private static Module last(Module module) {
    Module last = module;
    if (module instanceof Sequential) {
      for (Module child : module.children().values()) {
        last = child;
      }
    }
    return last;
  }

  /** Takes away every scatter that still hands all channels through as they are. */
  void tighten() {
    for (Loosened block : loosened) {
      if (block.branch != block.block.branch() && isIdentity(last(block.block.branch()))) {
        block.block.setBranch(block.branch);
      }
      if (block.shortcut != block.block.shortcut() && isIdentity(last(block.block.shortcut()))) {
        block.block.setShortcut(block.shortcut);
      }
    }
  }

  private static boolean isIdentity(Module module) {
    Scatter scatter = (Scatter) module;
    int[] index = scatter.index().raw().i32();
    boolean identity = index.length == scatter.constant().shape().size(0);
    for (int k = 0; k < index.length; k++) {
      identity &= index[k] == k;
    }
    if (scatter.constant().isInitialized()) {
      for (double constant : scatter.constant().raw().toDoubles()) {
        identity &= constant == 0;
      }
    }
    return identity;
  }
}
