package org.espalier.cli.recipe;

import org.espalier.nn.Module;
import org.espalier.optim.Optimizer;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.mask.MaskGradientNormalization;
import org.espalier.sparse.mask.SparseConnectivity;
import org.espalier.sparse.mask.SparseConnectivityBuilder;
import org.espalier.sparse.mask.StraightThrough;
import org.espalier.tensor.Shape;

/**
 * Learns which connections exist: sparse connectivity learning, {@code scl:0.01} or {@code
 * scl:lambda=0.01,ste=identity,normalization=l2,warmup=2,target=0.95,freeze=3}.
 */
final class ConnectionLearning implements Technique {
  private static final String EXAMPLE = "scl:0.01";

  private final NamedOptions options;
  private final double lambda;
  private SparseConnectivity learning;

  private ConnectionLearning(NamedOptions options) {
    this.options = options;
    this.lambda = options.number("lambda", Double.NaN);
    builder(Shape.of(1)).build();
    warmup();
  }

  /** Reads the words; values out of range are refused. */
  static ConnectionLearning parse(Words words) {
    return new ConnectionLearning(
        words.optionsWith(
            "lambda",
            EXAMPLE,
            "ste",
            "slope",
            "normalization",
            "warmup",
            "target",
            "freeze",
            "initial",
            "mask-rate",
            "total",
            "exclude",
            "demonstrate"));
  }

  @Override
  public Kind kind() {
    return Kind.SCL;
  }

  private double warmup() {
    return options.notNegative("warmup", 0);
  }

  private int freeze() {
    return options.integer("freeze", 0);
  }

  private SparseConnectivityBuilder builder(Shape input) {
    SparseConnectivityBuilder builder =
        SparseConnectivity.builder(input, lambda)
            .straightThrough(
                new StraightThrough(
                    options.word("ste", StraightThrough.Kind.IDENTITY),
                    options.number("slope", StraightThrough.DEFAULT_SLOPE)))
            .normalization(options.word("normalization", MaskGradientNormalization.L2))
            .initialMaskValue(options.number("initial", 1))
            .maskLearningRate(options.number("mask-rate", SparseConnectivity.DEFAULT_MASK_RATE))
            .fineTuneEpochs(freeze())
            .exclude(options.list("exclude"));
    if (options.has("target")) {
      builder.targetSparsity(options.number("target", Double.NaN));
    }
    if (options.flag("total", false)) {
      builder.normalizeByTotal();
    }
    if (options.flag("demonstrate", false)) {
      builder.allowNonPositiveProxy();
    }
    return builder;
  }

  @Override
  public void check(Terms terms) {
    if (freeze() == 0) {
      terms.requireFullLength(
          "--prune scl",
          "it ends with the best epoch, which may be one from before the masks closed; with freeze=EPOCHS the best is sought behind that");
    }
    if (!terms.timed() && freeze() >= terms.epochs()) {
      throw options.wrong("freeze", "fewer than the " + terms.epochs() + " epochs of the run");
    }
  }

  @Override
  public String describe(int epochs) {
    String text = "scl:" + lambda + ", connections learned";
    if (options.has("target")) {
      text += " towards " + options.number("target", 0) + " zeros";
    }
    return switch (freeze()) {
      case 0 -> text;
      case 1 -> text + ", masks frozen in the last epoch";
      default -> text + ", masks frozen in the last " + freeze() + " epochs";
    };
  }

  @Override
  public void prepare(Module model, Site site) {
    learning(site).attach(model);
  }

  @Override
  public Optimizer optimizer(Optimizer named, Site site) {
    return learning(site).optimizer(named);
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    trainer.callback(learning(site));
  }

  private SparseConnectivity learning(Site site) {
    if (learning == null) {
      learning = builder(site.input()).lambdaWarmupSteps((int) site.steps(warmup())).build();
    }
    return learning;
  }

  @Override
  public void finish(Ending ending) {
    SparseEnding.finish(ending);
  }
}
