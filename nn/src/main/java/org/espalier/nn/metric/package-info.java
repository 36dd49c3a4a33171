/**
 * Accumulators that compare outputs with targets over the batches of an epoch: accuracy, top-k,
 * confusion matrix with precision and recall a class, F-beta, and a running mean. Each adds up
 * counts, so that the value does not depend on how samples were batched.
 */
package org.espalier.nn.metric;
