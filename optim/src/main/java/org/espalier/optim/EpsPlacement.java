package org.espalier.optim;

/** Says where a rule adds its epsilon. */
public enum EpsPlacement {
  /** Behind the root: {@code √v + epsilon} (PyTorch, Keras 2.2). */
  OUTSIDE_ROOT,
  /** Under the root: {@code √(v + epsilon)} (TensorFlow 2, Keras 3). */
  INSIDE_ROOT
}
