/**
 * Structured pruning: which channels belong together ({@link
 * org.espalier.sparse.prune.ChannelGraph}), which are worth least ({@link
 * org.espalier.sparse.prune.Criterion}), how many go ({@link org.espalier.sparse.prune.Pruner}),
 * and the cut in place.
 */
package org.espalier.sparse.prune;
