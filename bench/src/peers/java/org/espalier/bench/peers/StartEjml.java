package org.espalier.bench.peers;

import org.ejml.data.FMatrixRMaj;
import org.ejml.dense.row.CommonOps_FDRM;

/** Prints an element of a product, by EJML. */
public final class StartEjml {
  private StartEjml() {}

  /** Multiplies and prints. */
  public static void main(String[] arguments) {
    int n = StartInput.SIZE;
    FMatrixRMaj a = FMatrixRMaj.wrap(n, n, StartInput.matrix());
    FMatrixRMaj c = new FMatrixRMaj(n, n);
    CommonOps_FDRM.mult(a, a, c);
    System.out.println(c.data[StartInput.PRINTED]);
  }
}
