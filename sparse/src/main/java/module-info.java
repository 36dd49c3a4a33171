/** Masks, pruning, low ranks and quantisation: parametrizations that train, and cuts in place. */
module org.espalier.sparse {
  requires transitive org.espalier.optim;

  exports org.espalier.sparse.decomposition;
  exports org.espalier.sparse.distillation;
  exports org.espalier.sparse.lowrank;
  exports org.espalier.sparse.mask;
  exports org.espalier.sparse.prune.criterion.batchnorm;
  exports org.espalier.sparse.prune.criterion.filter;
  exports org.espalier.sparse.prune.criterion.hrank;
  exports org.espalier.sparse.prune.criterion.nisp;
  exports org.espalier.sparse.prune.criterion;
  exports org.espalier.sparse.prune.rls;
  exports org.espalier.sparse.prune.unstructured;
  exports org.espalier.sparse.prune;
  exports org.espalier.sparse.quant.integer;
  exports org.espalier.sparse.quant;
  exports org.espalier.sparse.sharing;

  provides org.espalier.nn.ModuleTypes with
      org.espalier.sparse.lowrank.LowRankTypes,
      org.espalier.sparse.mask.SparseTypes,
      org.espalier.sparse.quant.QuantizationTypes,
      org.espalier.sparse.quant.integer.IntegerTypes,
      org.espalier.sparse.sharing.SharingTypes;
}
