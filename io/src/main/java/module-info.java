/** Files: tensors, checkpoints, pictures and data sets. */
module org.espalier.io {
  requires transitive org.espalier.nn;
  requires com.fasterxml.jackson.core;
  requires static org.tukaani.xz;
  requires static java.desktop;

  exports org.espalier.io;
  exports org.espalier.io.data;
}
