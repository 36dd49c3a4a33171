package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.espalier.autograd.Call;
import org.espalier.autograd.Op;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.Concat;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Elementwise;
import org.espalier.autograd.op.GlobalAveragePool;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.MaxPool;
import org.espalier.autograd.op.Pointwise;
import org.espalier.autograd.op.Scale;
import org.espalier.sparse.quant.AffineQuantizer;
import org.espalier.sparse.quant.FakeQuantize;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.Clamp;

/**
 * Cuts the calls of a recorded pass into {@link Stage}s: what does not depend on the model's input
 * is a constant; a frozen norm, a clamp and fake quantisation go with the product, sum or mean in
 * front of them where nobody else reads what is between.
 */
final class TapeStages {
  private final Var input;
  private final Var output;
  private final Set<Var> moving = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<Var, List<Call>> readers = new IdentityHashMap<>();
  private final List<Stage> stages = new ArrayList<>();

  private TapeStages(List<Call> calls, Var input, Var output) {
    this.input = input;
    this.output = output;
    moving.add(input);
    for (Call call : calls) {
      for (int i = 0; i < call.inputCount(); i++) {
        if (call.input(i) != null && moving.contains(call.input(i))) {
          moving.add(call.output());
          readers.computeIfAbsent(call.input(i), key -> new ArrayList<>()).add(call);
        }
      }
    }
  }

  /** Returns the stages that lead from a model's input to its output, in order. */
  static List<Stage> of(List<Call> calls, Var input, Var output) {
    TapeStages tape = new TapeStages(calls, input, output);
    if (!tape.moving.contains(output)) {
      throw new IllegalArgumentException("integer model: the output does not depend on the input");
    }
    tape.cut(calls);
    return tape.stages;
  }

  private void cut(List<Call> calls) {
    Set<Call> done = Collections.newSetFromMap(new IdentityHashMap<>());
    Stage first = new Stage(input);
    quantizer(only(input)).ifFixed(first, only(input));
    stages.add(first);
    done.addAll(first.tail());
    for (Call call : calls) {
      if (moving.contains(call.output()) && !done.contains(call)) {
        check(call);
        Stage stage = new Stage(call);
        extend(stage);
        stages.add(stage);
        done.add(call);
        done.addAll(stage.tail());
      }
    }
  }

  /** Returns the only reader of a value, null where there are others or it is the output. */
  private Call only(Var value) {
    List<Call> found = readers.getOrDefault(value, List.of());
    return found.size() == 1 && value != output ? found.get(0) : null;
  }

  private void extend(Stage stage) {
    Op head = stage.head().op();
    boolean rounds = isProduct(head) || isSum(head) || isMean(head);
    boolean maps = head instanceof Pointwise;
    Call next = only(stage.output());
    if (next != null && isLayer(head) && next.op() instanceof Scale) {
      stage.add(next);
      next = only(stage.output());
    }
    while (next != null && (maps && next.op() instanceof Pointwise)) {
      stage.add(next);
      next = only(stage.output());
    }
    if (next != null && rounds && clamp(next.op()) != null) {
      stage.add(next);
      next = only(stage.output());
    }
    if (rounds || maps || head instanceof Concat) {
      quantizer(next).ifFixed(stage, next);
    }
  }

  /** A fake quantisation's quantiser, if a call is one. */
  private record Found(AffineQuantizer quantizer) {
    void ifFixed(Stage stage, Call call) {
      if (quantizer != null) {
        stage.fix(call, quantizer);
      }
    }
  }

  private static Found quantizer(Call call) {
    return new Found(call == null ? null : FakeQuantize.quantizerOf(call).orElse(null));
  }

  private static boolean isLayer(Op op) {
    return op instanceof Convolution || op instanceof Linear;
  }

  /** Tells whether an op multiplies by constants and adds up. */
  static boolean isProduct(Op op) {
    return isLayer(op) || op instanceof Scale;
  }

  /** Tells whether an op adds or subtracts two values. */
  static boolean isSum(Op op) {
    return op instanceof Elementwise both
        && (both.binary() == Binary.ADD || both.binary() == Binary.SUB);
  }

  /** Tells whether an op averages. */
  static boolean isMean(Op op) {
    return op instanceof AveragePool || op instanceof GlobalAveragePool;
  }

  /** Returns the interval that an op clamps to and does nothing else, or null. */
  static Clamp clamp(Op op) {
    if (!(op instanceof Pointwise pointwise)) {
      return null;
    }
    return switch (pointwise.unary()) {
      case RELU -> Clamp.RELU;
      case CLAMP, HARD_TANH -> new Clamp((float) pointwise.a(), (float) pointwise.b());
      default -> null;
    };
  }

  /** Refuses a call that has no integer form, or reads the input where constants belong. */
  private void check(Call call) {
    Op op = call.op();
    boolean joins = isSum(op) || op instanceof Concat;
    boolean known =
        joins
            || isProduct(op) && !fused(op)
            || isMean(op)
            || op instanceof MaxPool
            || op instanceof Pointwise
            || OpOptions.isMove(op)
            || FakeQuantize.quantizerOf(call).isPresent();
    for (int i = 0; i < call.inputCount(); i++) {
      boolean depends = call.input(i) != null && moving.contains(call.input(i));
      known &= call.input(i) == null || depends == (i == 0 || joins);
    }
    if (!known) {
      throw new IllegalArgumentException(
          ("integer model: there is no integer form of '%s' at '%s'; quantise the part of the model"
                  + " in front of it, or replace it by convolutions, linear layers, norms,"
                  + " activations, pools, sums, joins and rearrangements")
              .formatted(op.name(), call.scope()));
    }
  }

  private static boolean fused(Op op) {
    return op instanceof Convolution conv && conv.clamp() != null
        || op instanceof Scale scale && scale.rectified();
  }

  /** Returns the number of each call of a pass. */
  static Map<Call, Integer> numbers(List<Call> calls) {
    Map<Call, Integer> numbers = new HashMap<>();
    for (int i = 0; i < calls.size(); i++) {
      numbers.put(calls.get(i), i);
    }
    return numbers;
  }
}
