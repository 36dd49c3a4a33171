package org.espalier.autograd;

import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Reads a tape backwards: starts with a seed at one value, lets a {@link Rule} carry it from each
 * call's output to its inputs, and adds up what meets at a value. Memory is given back as soon as a
 * carried value was used.
 */
public final class Walk {
  private final Tape tape;
  private final Workspace.Lease lease;
  private final Rule rule;
  private final Map<Var, Tensor> carried = new IdentityHashMap<>();
  private final Map<Var, Boolean> kept = new IdentityHashMap<>();

  private Walk(Tape tape, Rule rule) {
    this.tape = tape;
    this.lease = tape.lease();
    this.rule = rule;
    tape.watched().values().forEach(watched -> kept.put(watched.var(), true));
  }

  /** Returns the gradients of a scalar with respect to everything on its tape that needs one. */
  public static Gradients gradient(Var loss) {
    if (loss.shape().count() != 1) {
      throw new StateException("gradient: the loss must be one number, got " + loss.shape());
    }
    if (!loss.needsGradient()) {
      throw new StateException("gradient: the loss depends on nothing that needs a gradient");
    }
    return run(loss, Tensor.full(loss.dtype(), loss.shape(), 1), Rule.GRADIENT);
  }

  /** Walks from a value with a seed of its shape, by a rule. The seed is not modified. */
  public static Gradients run(Var from, Tensor seed, Rule rule) {
    if (from.tape() == null) {
      throw new StateException(
          "walk: the value is a constant outside any pass; nothing leads back from it");
    }
    if (!from.tape().mode().computes()) {
      throw new StateException(
          "walk: a shape pass has no numbers to walk back; use Pass.study or Pass.train");
    }
    return new Walk(from.tape(), rule).from(from, seed);
  }

  private Gradients from(Var start, Tensor seed) {
    checkVersions();
    lease.retain(seed);
    carried.put(start, seed.reshape(start.shape()));
    List<Call> calls = tape.calls();
    for (int i = calls.size() - 1; i >= 0; i--) {
      step(calls.get(i));
    }
    carried.replaceAll((var, tensor) -> tensor.buffer() == seed.buffer() ? own(tensor) : tensor);
    return new Gradients(tape, carried);
  }

  /**
   * Copies what is the seed itself, which is not ours to hand out: callers may modify gradients.
   */
  private Tensor own(Tensor seed) {
    Tensor copy = lease.take(seed.dtype(), seed.shape());
    copy.copyFrom(seed);
    lease.release(seed);
    return copy;
  }

  private void checkVersions() {
    for (Tape.Watched watched : tape.watched().values()) {
      if (watched.leaf() != null && watched.leaf().version() != watched.version()) {
        throw new StateException(
            "%s was changed after this pass was recorded (version %d, now %d); run the pass again"
                .formatted(watched.leaf().name(), watched.version(), watched.leaf().version()));
      }
    }
  }

  private void step(Call call) {
    Tensor upstream = carried.get(call.output());
    if (upstream == null) {
      return;
    }
    Tensor[] parts = rule.apply(call, upstream);
    for (int i = 0; i < parts.length; i++) {
      if (parts[i] != null) {
        // A part that is the upstream, or shares its buffer, is one more holder of that buffer.
        if (parts[i].buffer() == upstream.buffer() || sharedBefore(parts, i)) {
          lease.retain(parts[i]);
        }
      }
    }
    for (int i = 0; i < parts.length; i++) {
      if (parts[i] != null) {
        add(call.input(i), parts[i]);
      }
    }
    if (!kept.containsKey(call.output())) {
      carried.remove(call.output());
      lease.release(upstream);
    }
  }

  private static boolean sharedBefore(Tensor[] parts, int i) {
    for (int j = 0; j < i; j++) {
      if (parts[j] != null && parts[j].buffer() == parts[i].buffer()) {
        return true;
      }
    }
    return false;
  }

  private void add(Var target, Tensor part) {
    Tensor before = carried.get(target);
    if (before == null) {
      carried.put(target, part);
    } else if (lease.isExclusive(before)) {
      KernelLookup.of(before).addScaled(1, part, before);
      lease.release(part);
    } else {
      Tensor sum = lease.take(before.dtype(), before.shape());
      sum.copyFrom(before);
      KernelLookup.of(sum).addScaled(1, part, sum);
      carried.put(target, sum);
      lease.release(before);
      lease.release(part);
    }
  }
}
