/**
 * Pruning of inputs by what recursive least squares keeps anyway (Yu et al., arXiv 2201.04813;
 * Applied Intelligence 2023; both formulas and schedule are partly (reconstructed)).
 *
 * <p>{@link org.espalier.optim.Rls} trains; {@link org.espalier.sparse.prune.rls.RlsImportance}
 * scores the inputs of a layer by its weights and the inverse autocorrelation of its inputs; {@link
 * org.espalier.sparse.prune.rls.RlsPruner} drops the weakest inputs of every layer, those of the
 * first too; {@link org.espalier.sparse.prune.rls.RecoveryPruningSchedule} does so whenever the
 * loss has come back to where it was before the last time.
 */
package org.espalier.sparse.prune.rls;
