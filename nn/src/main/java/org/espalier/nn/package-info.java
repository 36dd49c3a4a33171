/**
 * Modules and what they are made of: {@link org.espalier.nn.Module} (named children and parameters,
 * one forward), {@link org.espalier.nn.Parameter} (raw tensor, parametrizations, optimizer slots),
 * {@link org.espalier.nn.Pass} (one walk of a batch: mode, workspace, randomness, tape), the
 * containers ({@link org.espalier.nn.Sequential} and its siblings), and the architecture as data
 * ({@link org.espalier.nn.Spec}, {@link org.espalier.nn.ModuleTypes}).
 *
 * <p>{@code Module} hides {@code java.lang.Module} only under a single-type import: import it by
 * name.
 */
package org.espalier.nn;
