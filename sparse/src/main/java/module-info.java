/** Pruning: channel graphs, criteria, soft filter pruning and cuts in place. */
module org.espalier.sparse {
  requires transitive org.espalier.optim;

  exports org.espalier.sparse.prune;
}
