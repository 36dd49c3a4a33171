/**
 * Networks whose weight matrices have low rank, so that a layer can be split into two thin ones:
 * training by low-rank projection with energy transfer (LRPET).
 *
 * <p>{@link org.espalier.sparse.lowrank.EnergyTransfer} projects one matrix; {@link
 * org.espalier.sparse.lowrank.LowRankProjection} does so to the layers of a network while it
 * trains; {@link org.espalier.sparse.lowrank.Decomposition} splits them when it is trained; {@link
 * org.espalier.sparse.lowrank.RankPolicy} says which ranks. {@link
 * org.espalier.sparse.lowrank.LowRank} trains two factors directly instead.
 */
package org.espalier.sparse.lowrank;
