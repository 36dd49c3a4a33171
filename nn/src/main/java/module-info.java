/** Modules, parameters, layers, losses, metrics and model architectures. */
module org.espalier.nn {
  requires transitive org.espalier.autograd;

  exports org.espalier.nn;

  uses org.espalier.nn.ModuleTypes;
}
