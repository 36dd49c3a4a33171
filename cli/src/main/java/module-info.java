/** The command line. */
module org.espalier.cli {
  requires org.espalier.sparse;
  requires org.espalier.io;
  requires info.picocli;
  requires me.tongfei.progressbar;
  requires xchart;
  requires java.desktop;

  opens org.espalier.cli to
      info.picocli;
}
