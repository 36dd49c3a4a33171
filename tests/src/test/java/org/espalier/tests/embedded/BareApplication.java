package org.espalier.tests.embedded;

import org.espalier.autograd.Var;
import org.espalier.autograd.Walk;
import org.espalier.nn.Module;
import org.espalier.nn.Pass;
import org.espalier.nn.loss.CrossEntropy;
import org.espalier.nn.model.ResNet;
import org.espalier.optim.Sgd;
import org.espalier.optim.Step;
import org.espalier.sparse.prune.Compact;
import org.espalier.sparse.prune.CompactReport;
import org.espalier.sparse.prune.MaskPolicy;
import org.espalier.sparse.prune.SoftFilterPruning;
import org.espalier.tensor.DType;
import org.espalier.tensor.Random;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.espalier.tensor.Workspace;
import org.espalier.tensor.kernel.KernelLookup;

/** Trains, prunes, cuts and infers with the core jars alone; prints what it measured. */
public final class BareApplication {
  private static final Shape SAMPLE = Shape.of(8, 8, 3);

  private BareApplication() {}

  /** Runs the application. */
  public static void main(String[] arguments) {
    Module model = ResNet.cifar(8, 2).initialize(1);
    Random random = Random.of(1);
    Tensor x = Tensor.zeros(8, 8, 8, 3);
    Tensor y = Tensor.zeros(DType.I32, Shape.of(8));
    for (int i = 0; i < x.count(); i++) {
      int label = i / SAMPLE.count() % 2;
      x.set(i, random.normal(i) + label);
      y.set(i / SAMPLE.count(), label);
    }
    Sgd sgd = Sgd.builder().rate(0.05).momentum(0.9).build();
    Workspace workspace = new Workspace();
    double first = 0;
    double last = 0;
    for (int step = 0; step < 12; step++) {
      try (Pass pass = Pass.train(workspace, random.at(step))) {
        Var loss = new CrossEntropy().of(pass, model.apply(pass, pass.input(x)), y);
        sgd.step(Step.of(pass.tape(), Walk.gradient(loss)));
        last = loss.value().item();
        first = step == 0 ? last : first;
      }
    }
    SoftFilterPruning.of(SAMPLE, 0.4).prune(model, 0);
    CompactReport cut =
        Compact.extract(model, SAMPLE, Compact.Mode.STREAM_FULL, MaskPolicy.MASK_WITH_BN);
    double output;
    try (Pass pass = Pass.infer(workspace)) {
      output = model.apply(pass, pass.input(x)).value().get(0);
    }
    System.out.println("kernels=" + KernelLookup.describe());
    System.out.println("modules=" + ModuleLayer.boot().modules().size());
    System.out.println("learned=" + (last < first && Double.isFinite(output)));
    System.out.println("cut=" + (cut.macsAfter() < cut.macsBefore()));
  }
}
