/** Files: tensors, checkpoints, pictures and data sets. */
package org.espalier.io;
