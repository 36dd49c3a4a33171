package org.espalier.bench.peers;

import java.util.function.Supplier;

/**
 * One piece of work, done by Espalier and by a peer on the same random inputs.
 *
 * @param group kind of work
 * @param name what distinguishes it in its group
 * @param espalier makes our side; inputs are made when it is called
 * @param peer name of the other engine
 * @param other makes its side
 */
record Contest(
    String group, String name, Supplier<Side> espalier, String peer, Supplier<Side> other) {}
