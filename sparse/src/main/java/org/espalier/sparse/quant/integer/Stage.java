package org.espalier.sparse.quant.integer;

import java.util.ArrayList;
import java.util.List;
import org.espalier.autograd.Call;
import org.espalier.autograd.Var;
import org.espalier.sparse.quant.AffineQuantizer;

/**
 * Is a run of calls that one integer layer computes: a head and what follows it and nobody else
 * reads.
 */
final class Stage {
  private final Var start;
  private final List<Call> calls = new ArrayList<>();
  private AffineQuantizer fixed;

  /** Creates the stage that makes codes of the model's input. */
  Stage(Var start) {
    this.start = start;
  }

  /** Creates a stage. */
  Stage(Call head) {
    this.start = null;
    calls.add(head);
  }

  /** Adds a call behind the last one. */
  void add(Call call) {
    calls.add(call);
  }

  /** Says which quantiser the model itself puts on the output, and adds the call that does it. */
  void fix(Call call, AffineQuantizer quantizer) {
    calls.add(call);
    fixed = quantizer;
  }

  /** Returns the quantiser the model itself puts on the output, or null. */
  AffineQuantizer fixed() {
    return fixed;
  }

  /** Returns the call that names the layer, null for the model's input. */
  Call head() {
    return start == null ? calls.get(0) : null;
  }

  /** Returns the calls behind the head, those of fake quantisation included. */
  List<Call> tail() {
    return calls.subList(start == null ? 1 : 0, calls.size());
  }

  /** Returns the value that the layer makes. */
  Var output() {
    return calls.isEmpty() ? start : calls.get(calls.size() - 1).output();
  }

  /** Returns the name for messages. */
  String name() {
    return start != null ? "input" : calls.get(0).scope() + " (" + calls.get(0).op().name() + ")";
  }
}
