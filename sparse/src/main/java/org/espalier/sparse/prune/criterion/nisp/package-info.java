/**
 * NISP: what a neuron is worth for the last layer in front of the classifier (Yu et al., CVPR
 * 2018). That layer's features are ranked ({@link
 * org.espalier.sparse.prune.criterion.nisp.InfiniteFeatureSelection}), and their importance is
 * carried back through absolute weights by a rule on the walk that serves gradients ({@link
 * org.espalier.sparse.prune.criterion.nisp.PropagationRule}). Start at {@link
 * org.espalier.sparse.prune.criterion.nisp.NeuronImportance}.
 */
package org.espalier.sparse.prune.criterion.nisp;
