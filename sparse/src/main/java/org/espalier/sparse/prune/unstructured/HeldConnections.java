package org.espalier.sparse.prune.unstructured;

import org.espalier.optim.Step;
import org.espalier.optim.train.Callback;

/**
 * Keeps masked weights and what optimizers remember of them still: after each step their stored
 * values are put back, so that neither momentum nor weight decay moves them. For fixed masks that
 * stay, as those of {@link ConnectionSensitivity}, {@link OptimalBrainDamage}, {@link
 * LotteryTicket}, or of N:M and block patterns.
 */
public final class HeldConnections implements Callback {
  private final ConnectionHold hold = new ConnectionHold();

  /** Creates the callback; it holds every fixed mask that it meets. */
  public HeldConnections() {}

  @Override
  public String name() {
    return "held connections";
  }

  @Override
  public void backwardDone(Step step) {
    hold.before(ConnectionHold.maskedIn(step));
  }

  @Override
  public void stepDone(Step step) {
    hold.after();
  }
}
