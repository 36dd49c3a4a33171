/** Tensors, random numbers, kernels and linear algebra; the ground every other module stands on. */
module org.espalier.tensor {
  requires static jdk.management;

  exports org.espalier.tensor;
  exports org.espalier.tensor.kernel;
  exports org.espalier.tensor.linalg;
  exports org.espalier.tensor.parallel;
}
