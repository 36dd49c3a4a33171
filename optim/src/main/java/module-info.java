/** Optimizers, schedules and the training loop. */
module org.espalier.optim {
  requires transitive org.espalier.nn;

  exports org.espalier.optim;
  exports org.espalier.optim.train;
}
