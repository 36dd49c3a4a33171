/**
 * Recorded operations. An {@link org.espalier.autograd.Op} is an immutable value that states its
 * axes, its forward computation and its vector-Jacobian product; a {@link
 * org.espalier.autograd.Tape} runs ops at once and lists the {@link org.espalier.autograd.Call}s of
 * a pass; a {@link org.espalier.autograd.Walk} reads that list backwards with a {@link
 * org.espalier.autograd.Rule}: gradients today, relevance and importance by the same loop.
 */
package org.espalier.autograd;
