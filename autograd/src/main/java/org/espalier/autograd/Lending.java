package org.espalier.autograd;

import java.util.ArrayList;
import java.util.List;
import org.espalier.tensor.DType;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;

/** Lends tensors to one forward call, and takes back at its end what nobody reads again. */
final class Lending implements Saved, AutoCloseable {
  private final Workspace.Lease lease;
  private final List<Tensor> scratch = new ArrayList<>(2);
  private final List<Tensor> kept;

  /** Begins to lend; what is saved goes to {@code kept}, or back with the scratch if it is null. */
  Lending(Workspace.Lease lease, List<Tensor> kept) {
    this.lease = lease;
    this.kept = kept == null ? scratch : kept;
  }

  @Override
  public Tensor tensor(DType dtype, Shape shape) {
    return lend(kept, dtype, shape);
  }

  @Override
  public Tensor scratch(DType dtype, Shape shape) {
    return lend(scratch, dtype, shape);
  }

  private Tensor lend(List<Tensor> list, DType dtype, Shape shape) {
    Tensor tensor = lease.take(dtype, shape);
    list.add(tensor);
    return tensor;
  }

  @Override
  public void close() {
    scratch.forEach(lease::release);
  }
}
