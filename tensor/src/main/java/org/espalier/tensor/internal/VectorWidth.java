package org.espalier.tensor.internal;

import java.util.function.IntSupplier;
import jdk.incubator.vector.FloatVector;

/** Tells how many bits the processor's preferred float vectors have. */
public final class VectorWidth implements IntSupplier {
  /** Creates the supplier. */
  public VectorWidth() {}

  @Override
  public int getAsInt() {
    return FloatVector.SPECIES_PREFERRED.vectorBitSize();
  }
}
