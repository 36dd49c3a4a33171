/**
 * Structured pruning: which channels belong together ({@link
 * org.espalier.sparse.prune.ChannelGraph}), which are worth least ({@link
 * org.espalier.sparse.prune.Criterion}), how many go ({@link org.espalier.sparse.prune.Pruner} with
 * an {@link org.espalier.sparse.prune.Amount}, a {@link org.espalier.sparse.prune.Ranking} and
 * {@link org.espalier.sparse.prune.Limits}), what that will cost ({@link
 * org.espalier.sparse.prune.PruningPlan}, {@link org.espalier.sparse.prune.DryRun}), in which steps
 * ({@link org.espalier.sparse.prune.IterativePruning}), and the cut in place.
 *
 * <p>{@link org.espalier.sparse.prune.SensitivityAnalysis} tells how much each layer can lose;
 * {@link org.espalier.sparse.prune.SoftFilterPruning} prunes while a network trains.
 */
package org.espalier.sparse.prune;
