/**
 * HRank: what a filter is worth by the average rank of the maps it makes (Lin et al., CVPR 2020).
 *
 * <p>{@link org.espalier.sparse.prune.criterion.hrank.FeatureMapRanks} collects ranks over a few
 * hundred images, once, and can be kept in a file; {@link
 * org.espalier.sparse.prune.criterion.hrank.FeatureMapRankImportance} scores by them. The authors'
 * rates for each layer, their way of counting and their layer-by-layer masks are here too.
 */
package org.espalier.sparse.prune.criterion.hrank;
