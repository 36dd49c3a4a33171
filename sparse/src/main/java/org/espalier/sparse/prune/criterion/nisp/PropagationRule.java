package org.espalier.sparse.prune.criterion.nisp;

import java.util.LinkedHashMap;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Mode;
import org.espalier.autograd.Op;
import org.espalier.autograd.Role;
import org.espalier.autograd.Rule;
import org.espalier.autograd.Tape;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.AveragePool;
import org.espalier.autograd.op.BatchNorm;
import org.espalier.autograd.op.Convolution;
import org.espalier.autograd.op.Elementwise;
import org.espalier.autograd.op.GlobalAveragePool;
import org.espalier.autograd.op.GroupNorm;
import org.espalier.autograd.op.InstanceNorm;
import org.espalier.autograd.op.Interpolate;
import org.espalier.autograd.op.LayerNorm;
import org.espalier.autograd.op.Linear;
import org.espalier.autograd.op.MaxPool;
import org.espalier.autograd.op.Pointwise;
import org.espalier.autograd.op.Reduce;
import org.espalier.autograd.op.Repeat;
import org.espalier.autograd.op.Scale;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.Binary;
import org.espalier.tensor.kernel.KernelLookup;
import org.espalier.tensor.kernel.Reduction;
import org.espalier.tensor.kernel.Span;
import org.espalier.tensor.kernel.Unary;

/**
 * Carries importance from a call's output to its inputs (NISP, sheet 10, section 2.4): {@code s_in
 * = |W|ᵀ·s_out} at linear layers and convolutions of any kind, unchanged at activations, in full to
 * both operands of a sum, by windows at pools. Biases never count, nor does the data. All in all
 * the walk is the gradient of the net with absolute weights, without biases and activations.
 *
 * @param pooling what inputs of a window get
 * @param norm what happens at normalisations
 * @param own rules of one's own by the name of an op; they come first
 */
public record PropagationRule(PoolingRule pooling, BatchNormRule norm, Map<String, Rule> own)
    implements Rule {
  /** The sheet's defaults. */
  public static final PropagationRule DEFAULT =
      new PropagationRule(PoolingRule.UNIFORM, BatchNormRule.IDENTITY, Map.of());

  /** Creates the rule. */
  public PropagationRule {
    own = Map.copyOf(own);
  }

  /** Returns this rule with another one at pools. */
  public PropagationRule withPooling(PoolingRule other) {
    return new PropagationRule(other, norm, own);
  }

  /** Returns this rule with another one at normalisations. */
  public PropagationRule withNorm(BatchNormRule other) {
    return new PropagationRule(pooling, other, own);
  }

  /** Returns this rule with one more of one's own. */
  public PropagationRule withRule(String op, Rule rule) {
    Map<String, Rule> more = new LinkedHashMap<>(own);
    more.put(op, rule);
    return new PropagationRule(pooling, norm, more);
  }

  @Override
  public Tensor[] apply(Call call, Tensor score) {
    Op op = call.op();
    if (own.containsKey(op.name())) {
      return own.get(op.name()).apply(call, score);
    }
    if (op instanceof Linear || op instanceof Convolution && op.role() == Role.LINEAR) {
      return first(call, throughAbsolute(call, score));
    }
    if (op instanceof MaxPool pool) {
      return first(call, PoolWindows.of(call, pool.height(), pool.width()).spread(score, pooling));
    }
    if (op instanceof AveragePool pool) {
      return first(call, PoolWindows.of(call, pool.height(), pool.width()).spread(score, pooling));
    }
    if (isNorm(op)) {
      return first(call, atNorm(call, score));
    }
    if (op instanceof Reduce reduce) {
      return atReduction(reduce, call, score);
    }
    if (op.role() == Role.SPLIT || takesEach(op)) {
      Tensor[] parts = first(call, score);
      parts[1] = score;
      return parts;
    }
    if (op.role() == Role.PASS) {
      return first(call, score);
    }
    if (op instanceof Pointwise pointwise) {
      return first(call, atPointwise(pointwise, call, score));
    }
    boolean averages =
        op instanceof GlobalAveragePool || op instanceof Interpolate || op instanceof Repeat;
    if (averages || op.role() == Role.ROUTE) {
      return op.vjp(call, score);
    }
    throw refused(call);
  }

  /** Returns what input 0 gets, and nothing for the others. */
  private static Tensor[] first(Call call, Tensor part) {
    Tensor[] parts = new Tensor[call.inputCount()];
    parts[0] = part;
    return parts;
  }

  private static IllegalArgumentException refused(Call call) {
    return new IllegalArgumentException(
        "neuron importance: no rule for '%s'%s; register one by withRule(\"%s\", rule)"
            .formatted(
                call.op().name(),
                call.scope().isEmpty() ? "" : " at " + call.scope(),
                call.op().name()));
  }

  /**
   * Runs the op's own vjp with absolute weights and no bias. The call for that is one of a pass
   * that computes nothing: only weights and shapes are read.
   */
  private static Tensor throughAbsolute(Call call, Tensor score) {
    Tape tape = Tape.open(Mode.SHAPES, Workspace.heap());
    Var x = tape.input(call.input(0).dtype(), call.input(0).shape(), true);
    Var weight = tape.constant(absolute(call));
    Var y = tape.apply(call.op(), x, weight, null);
    return call.op().vjp(y.call(), score)[0];
  }

  private static Tensor absolute(Call call) {
    Tensor weight = call.in(1);
    Tensor absolute = Tensor.zeros(weight.dtype(), weight.shape());
    KernelLookup.of(weight).unary(Unary.ABS, 0, 0, weight, absolute);
    Tensor sum = Tensor.zeros(weight.dtype(), Shape.of());
    Span all = new Span(1, weight.count(), 1);
    KernelLookup.of(weight).reduce(Reduction.SUM, absolute, all, sum);
    if (!Double.isFinite(sum.item())) {
      throw new IllegalArgumentException(
          "neuron importance: the absolute weights of '%s' add up to %s; one of them is no number"
              .formatted(call.scope(), sum.item()));
    }
    return absolute;
  }

  private static boolean isNorm(Op op) {
    return op instanceof Scale
        || op instanceof BatchNorm
        || op instanceof LayerNorm
        || op instanceof GroupNorm
        || op instanceof InstanceNorm;
  }

  private Tensor atNorm(Call call, Tensor score) {
    if (norm == BatchNormRule.IDENTITY) {
      return score;
    }
    if (!(call.op() instanceof Scale)) {
      throw new IllegalArgumentException(
          "neuron importance: AFFINE needs running statistics, '%s' at %s has none; use IDENTITY"
              .formatted(call.op().name(), call.scope()));
    }
    return call.input(1) == null ? score : throughAbsolute(call, score);
  }

  /** A maximum over letters is a window; sums and means are linear. */
  private Tensor[] atReduction(Reduce reduce, Call call, Tensor score) {
    Reduction linear = pooling == PoolingRule.UNIFORM ? Reduction.MEAN : Reduction.SUM;
    Op op = reduce.reduction() == Reduction.MAX ? new Reduce(linear, reduce.spec()) : reduce;
    return op.vjp(call, score);
  }

  /** Neither a difference nor a choice of two changes by more than its operands do. */
  private static boolean takesEach(Op op) {
    return op instanceof Elementwise two
        && (two.binary() == Binary.SUB || two.binary() == Binary.MAX || two.binary() == Binary.MIN);
  }

  private static Tensor atPointwise(Pointwise op, Call call, Tensor score) {
    if (op.unary() == Unary.NEG || op.unary() == Unary.ABS) {
      return score;
    }
    if (op.unary() != Unary.AFFINE) {
      throw refused(call);
    }
    Tensor scaled = score.copy();
    for (int e = 0; e < scaled.count(); e++) {
      scaled.set(e, Math.abs(op.a()) * scaled.get(e));
    }
    return scaled;
  }
}
