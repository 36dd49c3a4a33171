/** Modules, parameters, layers, losses, metrics and model architectures. */
package org.espalier.nn;
