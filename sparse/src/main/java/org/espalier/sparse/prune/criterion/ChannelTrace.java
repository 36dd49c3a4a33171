package org.espalier.sparse.prune.criterion;

import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.autograd.Call;
import org.espalier.autograd.Coupling;
import org.espalier.autograd.Role;
import org.espalier.autograd.Var;
import org.espalier.autograd.op.Scatter;

/**
 * Follows the channels that a call makes forward through a recorded pass: norms, sums,
 * concatenations, pools, shuffles, up to the activation that shows them. Where they go is read off
 * the calls' index ties; no layer type is inspected.
 */
public final class ChannelTrace {
  /**
   * Says where channels arrive.
   *
   * @param position the number of the call that shows them, in the order of the pass
   * @param value the output of that call
   * @param channels for each channel that was followed its index on the value's last axis, -1 where
   *     it got lost on the way
   * @param activation the activation that made the value, or null where there is none before the
   *     channels are summed over: the value is then the last map on the way
   * @param throughAdd whether a sum lies on the way
   */
  public record Arrival(
      int position, Var value, int[] channels, Call activation, boolean throughAdd) {
    /** Returns a copy of the indices. */
    @Override
    public int[] channels() {
      return channels.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Arrival arrival
          && position == arrival.position
          && value == arrival.value
          && Arrays.equals(channels, arrival.channels)
          && activation == arrival.activation
          && throughAdd == arrival.throughAdd;
    }

    @Override
    public int hashCode() {
      return 31 * position + Arrays.hashCode(channels);
    }

    @Override
    public String toString() {
      return value + (activation == null ? "" : " behind " + activation.op().name());
    }
  }

  private final List<Call> calls;
  private final Map<Var, Arrival> reached = new IdentityHashMap<>();
  private Arrival lastMap;

  private ChannelTrace(List<Call> calls) {
    this.calls = calls;
  }

  /**
   * Follows the last axis of a call's output to the first activation in the order of the pass.
   *
   * @param calls the calls of a pass that records all
   * @param position the number of the call that makes the channels
   */
  public static Arrival toActivation(List<Call> calls, int position) {
    return new ChannelTrace(calls).follow(position);
  }

  private Arrival follow(int position) {
    Var made = calls.get(position).output();
    int[] all = new int[made.shape().size(-1)];
    Arrays.setAll(all, c -> c);
    lastMap = new Arrival(position, made, all, null, false);
    reached.put(made, lastMap);
    boolean read = false;
    for (int i = position + 1; i < calls.size(); i++) {
      Call call = calls.get(i);
      int input = reachedInput(call);
      if (input < 0) {
        continue;
      }
      if (call.op().cost(call.axes()).macs() > 0) {
        read = true;
        continue;
      }
      Arrival next = through(i, input, reached.get(call.input(input)));
      if (next != null && call.op().role() == Role.PASS) {
        return new Arrival(i, call.output(), next.channels, call, next.throughAdd);
      }
      if (next != null) {
        reached.put(call.output(), next);
        boolean isMap = call.output().shape().rank() > 2 || lastMap.value.shape().rank() <= 2;
        lastMap = read || !isMap ? lastMap : next;
      }
    }
    return lastMap;
  }

  private int reachedInput(Call call) {
    for (int input = 0; input < call.inputCount(); input++) {
      if (call.input(input) != null && reached.containsKey(call.input(input))) {
        return input;
      }
    }
    return -1;
  }

  /** Returns where the channels are behind a call, null where none of them has one place. */
  private Arrival through(int position, int input, Arrival before) {
    Call call = calls.get(position);
    int[] map = call.op() instanceof Scatter ? call.in(1).i32() : new Places(call, input).map();
    int[] after = new int[before.channels.length];
    boolean any = false;
    for (int c = 0; c < after.length; c++) {
      after[c] = before.channels[c] < 0 ? -1 : map[before.channels[c]];
      any |= after[c] >= 0;
    }
    boolean added = before.throughAdd || call.op().role() == Role.SPLIT;
    return any ? new Arrival(position, call.output(), after, null, added) : null;
  }

  /** Collects where indices of an input's last axis are on the output's last axis. */
  private static final class Places implements Coupling {
    private static final int NOWHERE = -1;
    private static final int SEVERAL = -2;

    private final int input;
    private final int axis;
    private final int outputAxis;
    private final int[] map;

    Places(Call call, int input) {
      this.input = input;
      axis = call.input(input).shape().rank() - 1;
      outputAxis = call.output().shape().rank() - 1;
      map = new int[call.input(input).shape().size(-1)];
      Arrays.fill(map, NOWHERE);
      call.op().couple(call, this);
    }

    /** A channel that became several, as behind flatten, is no single channel any more. */
    int[] map() {
      return Arrays.stream(map).map(place -> Math.max(place, NOWHERE)).toArray();
    }

    @Override
    public void tie(int tensor, int from, int i, int other, int to, int j) {
      if (tensor == input && other == OUTPUT && from == axis && to == outputAxis) {
        map[i] = map[i] == NOWHERE || map[i] == j ? j : SEVERAL;
      } else if (tensor == OUTPUT && other == input && to == axis && from == outputAxis) {
        tie(other, to, j, tensor, from, i);
      }
    }

    @Override
    public void pin(int tensor, int at, int i, String reason) {
      // Only cuts care.
    }
  }
}
