/**
 * Pruning whole filters by simple measures of themselves or of what they give (Li et al., "Pruning
 * Filters for Efficient ConvNets", ICLR 2017): {@link
 * org.espalier.sparse.prune.criterion.filter.FilterPruning} is the entrance.
 */
package org.espalier.sparse.prune.criterion.filter;
