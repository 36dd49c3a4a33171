/** Runs of quantised training on real pictures, and what integer inference makes of them. */
package org.espalier.tests.quant;
