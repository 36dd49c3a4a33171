/** Recorded operations: ops as values, the tape, and the walks that read it backwards. */
package org.espalier.autograd;
