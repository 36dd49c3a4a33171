/** Modules, parameters, layers, losses, metrics and model architectures. */
module org.espalier.nn {
  requires transitive org.espalier.autograd;

  exports org.espalier.nn;
  exports org.espalier.nn.layer;
  exports org.espalier.nn.loss;
  exports org.espalier.nn.metric;
  exports org.espalier.nn.model;

  uses org.espalier.nn.ModuleTypes;

  provides org.espalier.nn.ModuleTypes with
      org.espalier.nn.layer.LayerTypes;
}
