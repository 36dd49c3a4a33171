package org.espalier.bench.peers;

import java.util.function.IntToDoubleFunction;
import java.util.function.Supplier;

/**
 * One piece of work, done by Espalier and by a peer on the same random inputs.
 *
 * @param group kind of work
 * @param name what distinguishes it in its group
 * @param peer name of the other engine
 * @param tolerance largest Euclidean norm of the difference, relative to the norm of the output; by
 *     the output's number
 * @param sides makes both sides; inputs and models are made when it is called
 */
record Contest(
    String group, String name, String peer, IntToDoubleFunction tolerance, Supplier<Sides> sides) {
  /** What sums of float32 products in another order may differ by. */
  static final double ROUNDING = 1e-4;

  /** Outputs differ by rounding only. */
  Contest(String group, String name, String peer, Supplier<Sides> sides) {
    this(group, name, peer, output -> ROUNDING, sides);
  }
}
