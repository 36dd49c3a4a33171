/**
 * Files: tensors ({@link org.espalier.io.SafeTensors}, {@link org.espalier.io.Npy}, {@link
 * org.espalier.io.Npz}), checkpoints, pictures ({@link org.espalier.io.Png}, {@link
 * org.espalier.io.Pictures}), JSON and logs ({@link org.espalier.io.JsonLines}).
 *
 * <p>Readers trust nothing: sizes are checked before memory is taken, and a damaged or unsupported
 * file is a {@link org.espalier.tensor.FormatException} that names the file, the place, what was
 * there and what was expected; a file that cannot be opened is an {@link java.io.IOException}.
 * Writers go through {@link org.espalier.io.AtomicFile}, so a file is whole or was never written.
 * Layouts and element types other than ours end here: what leaves this package is channels-last and
 * F32, F64, I8 or I32.
 */
package org.espalier.io;
