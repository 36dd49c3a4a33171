/** Recorded operations: ops as values, the tape, and the walks that read it backwards. */
module org.espalier.autograd {
  requires transitive org.espalier.tensor;

  exports org.espalier.autograd;
  exports org.espalier.autograd.op;
}
