package org.espalier.autograd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.StateException;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/**
 * Runs ops at once and records their calls in order; the graph of a pass is this list. Belongs to
 * one thread.
 *
 * <p>Every value an op makes is held once for whoever made it ({@link #release} ends that) and once
 * more for each recorded call that reads it again; the buffer returns to the workspace with the
 * last hold, at the latest when the tape closes.
 */
public final class Tape implements AutoCloseable {
  /** A value that keeps what arrives at it; its leaf, or null, and the version read. */
  record Watched(Leaf leaf, long version, Var var) {}

  private final Mode mode;
  private final Workspace.Lease lease;
  private final List<Call> calls = new ArrayList<>();
  private final Map<Object, Watched> watched = new LinkedHashMap<>();
  private final Scopes scopes = new Scopes();

  private Tape(Mode mode, Workspace workspace) {
    this.mode = mode;
    this.lease = workspace.lease();
  }

  /** Opens a tape. */
  public static Tape open(Mode mode, Workspace workspace) {
    return new Tape(mode, workspace);
  }

  /** Returns what this pass is for. */
  public Mode mode() {
    return mode;
  }

  /** Returns the recorded calls in order. */
  public List<Call> calls() {
    return Collections.unmodifiableList(calls);
  }

  /** Returns the lease that buffers of this pass come from. */
  public Workspace.Lease lease() {
    return lease;
  }

  /** Puts a tensor on the tape as a constant. */
  public Var constant(Tensor value) {
    return input(value, false);
  }

  /** Puts a tensor on the tape; with {@code needsGradient} a walk reports its gradient. */
  public Var input(Tensor value, boolean needsGradient) {
    return new Var(this, value.shape(), value.dtype(), value, needsGradient, null, false);
  }

  /** Puts a shape without numbers on the tape of a shape pass. */
  public Var input(DType dtype, Shape shape, boolean needsGradient) {
    if (mode.computes()) {
      throw new StateException("only a shape pass takes inputs without numbers");
    }
    return new Var(this, shape, dtype, null, needsGradient, null, false);
  }

  /**
   * Registers the variable that holds a leaf's value, so that gradients can be asked by the leaf.
   */
  public void watch(Leaf leaf, Var var) {
    watched.put(leaf, new Watched(leaf, leaf.version(), var));
  }

  /**
   * Registers a variable under a key of the caller's: what a walk brings there is kept and can be
   * asked by the key.
   */
  public void watch(Object key, Var var) {
    watched.put(key, new Watched(null, 0, var));
  }

  Map<Object, Watched> watched() {
    return watched;
  }

  /** Returns the variable registered under a leaf or key, or null. */
  public Var watchedVar(Object key) {
    Watched found = watched.get(key);
    return found == null ? null : found.var;
  }

  /**
   * Enters a scope; calls made inside carry its path. A path entered again is numbered: {@code
   * conv#2}.
   */
  public void enter(String name) {
    scopes.enter(name);
  }

  /** Leaves the innermost scope. */
  public void leave() {
    scopes.leave();
  }

  /** Returns the path of the innermost scope, empty at the top. */
  public String scope() {
    return scopes.path();
  }

  /**
   * Runs an op on the first tape found among the inputs, or on constants alone; absent optional
   * inputs are null.
   */
  public static Var run(Op op, Var... inputs) {
    for (Var input : inputs) {
      if (input != null && input.tape() != null) {
        return input.tape().apply(op, inputs);
      }
    }
    return Var.constant(new Tape(Mode.INFER, Workspace.heap()).apply(op, inputs).value());
  }

  /**
   * Runs an op and records the call if this pass needs it. What the op refuses is told with the
   * scope.
   */
  public Var apply(Op op, Var... inputs) {
    Application application = new Application(op, inputs);
    try {
      return call(application);
    } catch (IllegalArgumentException e) {
      throw application.located(e, scope());
    }
  }

  private Var call(Application application) {
    application.checkTape(this);
    Axes axes = application.axes();
    DType dtype = application.dtype();
    boolean needs = application.needsGradient() && dtype.isFloating();
    List<Tensor> kept = mode == Mode.INFER ? null : new ArrayList<>(2);
    Call call = kept == null ? null : new Call(this, application, axes, scope(), kept);
    Tensor y = mode.computes() ? compute(application, axes, dtype, kept) : null;
    Var output = new Var(this, axes.output(), dtype, y, needs, call, mode.computes());
    if (call != null) {
      call.output(output);
      if (needs || mode.recordsAll()) {
        record(call);
      }
    }
    return output;
  }

  /** Computes the output, or another view of an input; what is saved goes to {@code kept}. */
  private Tensor compute(Application application, Axes axes, DType dtype, List<Tensor> kept) {
    Tensor[] in = application.values();
    Tensor alias = application.op().alias(in, axes.output());
    if (alias != null) {
      lease.retain(alias);
      return alias;
    }
    Tensor y = lease.take(dtype, axes.output());
    try (Lending lending = new Lending(lease, kept)) {
      application.op().forward(in, y, lending);
    }
    return y;
  }

  private void record(Call call) {
    calls.add(call);
    if (!mode.computes()) {
      return;
    }
    if (call.op().keep().inputs()) {
      for (int i = 0; i < call.inputCount(); i++) {
        if (call.input(i) != null) {
          lease.retain(call.in(i));
        }
      }
    }
    if (call.op().keep().output()) {
      lease.retain(call.out());
    }
  }

  /**
   * Says that the maker of a value has no further use for it; recorded calls keep what they need.
   * Inputs, parameters and constants are nobody's to release, and a second release does nothing.
   */
  public void release(Var value) {
    if (value.tape() == this && value.takeRelease()) {
      lease.release(value.value());
    }
  }

  /**
   * Keeps a value readable until this tape closes, though its maker releases it; to be called
   * before that.
   */
  public void hold(Var value) {
    if (value.tape() == this && mode.computes()) {
      lease.retain(value.value());
    }
  }

  /**
   * Returns the first recorded call with a NaN or infinite output that can still be read, or null.
   */
  public Call firstNonFinite() {
    for (Call call : calls) {
      if (call.madeNonFinite()) {
        return call;
      }
    }
    return null;
  }

  /** Gives all buffers back to the workspace and detaches every tensor handed out. */
  @Override
  public void close() {
    lease.close();
  }
}
