/** The command line. */
module org.espalier.cli {
  requires org.espalier.sparse;
  requires org.espalier.io;
}
