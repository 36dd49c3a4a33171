/** Pruning of trained networks on real data; skipped visibly where the data is not there. */
package org.espalier.tests.pruning;
