/**
 * What a channel is worth by the batch norm behind it, without any data: its output is taken for a
 * normal variable with mean beta and deviation |gamma|, and a channel counts by what the activation
 * leaves of it. Start at {@link org.espalier.sparse.prune.criterion.batchnorm.BatchNormImportance}.
 */
package org.espalier.sparse.prune.criterion.batchnorm;
