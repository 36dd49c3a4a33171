/** Recorded operations: ops as values, the tape, and the walks that read it backwards. */
module org.espalier.autograd {
  requires transitive org.espalier.tensor;
}
