/**
 * Losses as values: each says how far a model's output is from its target and can be handed to a
 * training loop. The formulas are those of {@link org.espalier.autograd.op.Losses} (layers
 * reference, section 8); classes are the last axis, and losses start from logits where there is a
 * choice.
 */
package org.espalier.nn.loss;
