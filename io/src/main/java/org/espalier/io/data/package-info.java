/**
 * Data sets and the way from them to batches.
 *
 * <p>A {@link org.espalier.io.data.Dataset} gives samples by number. Readers make one from files
 * ({@link org.espalier.io.data.Idx}, {@link org.espalier.io.data.Cifar}), {@link
 * org.espalier.io.data.Shapes} draws one, so that everything runs without a download. A {@link
 * org.espalier.io.data.Loader} shuffles the samples of one, changes them by an {@link
 * org.espalier.io.data.Augmentation}, normalises them and hands them out as batches.
 */
package org.espalier.io.data;
