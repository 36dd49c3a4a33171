package org.espalier.io.data;

import java.util.List;
import java.util.Objects;
import org.espalier.tensor.Shape;

/** Shows some samples of another data set, in an order of its own. */
final class Subset implements Dataset {
  private final Dataset base;
  private final int[] indices;

  private Subset(Dataset base, int[] indices) {
    this.base = base;
    this.indices = indices;
  }

  static Subset of(Dataset base, int... indices) {
    int[] own = indices.clone();
    for (int index : own) {
      Objects.checkIndex(index, base.size());
    }
    if (base instanceof Subset outer) {
      for (int i = 0; i < own.length; i++) {
        own[i] = outer.indices[own[i]];
      }
      return new Subset(outer.base, own);
    }
    return new Subset(base, own);
  }

  @Override
  public int size() {
    return indices.length;
  }

  @Override
  public Shape sampleShape() {
    return base.sampleShape();
  }

  @Override
  public List<String> classNames() {
    return base.classNames();
  }

  @Override
  public int label(int index) {
    return base.label(indices[index]);
  }

  @Override
  public void read(int index, float[] out, int offset) {
    base.read(indices[index], out, offset);
  }
}
