package org.espalier.cli.recipe;

import org.espalier.nn.Module;
import org.espalier.optim.train.Trainer;
import org.espalier.sparse.prune.unstructured.DynamicNetworkSurgery;

/**
 * Prunes connections and splices them back where they grow again: dynamic network surgery, {@code
 * dns}, {@code dns:1.5} or {@code dns:c=1.5,gamma=1e-4,power=1,stop=8,biases}. Without more words
 * masks change over the first three quarters of the run.
 */
final class Surgery implements Technique {
  private static final double USUAL_C = 1;
  private static final double USUAL_GAMMA = 1e-4;
  private static final double USUAL_STOP = 0.75;

  private final NamedOptions options;
  private DynamicNetworkSurgery surgery;

  private Surgery(NamedOptions options) {
    this.options = options;
    options(0, 0);
    stop(1);
  }

  /** Reads the words; values out of range are refused. */
  static Surgery parse(Words words) {
    return new Surgery(words.options("c", "gamma", "power", "stop", "biases", "exclude"));
  }

  private double c() {
    return options.number("c", USUAL_C);
  }

  private double stop(int epochs) {
    return options.notNegative("stop", USUAL_STOP * epochs);
  }

  private DynamicNetworkSurgery.Options options(long stop, long seed) {
    return new DynamicNetworkSurgery.Options(
        c(),
        options.number("gamma", USUAL_GAMMA),
        options.number("power", 1),
        stop,
        options.flag("biases", false),
        seed);
  }

  @Override
  public Kind kind() {
    return Kind.DNS;
  }

  @Override
  public void check(Terms terms) {
    terms.requireFullLength(
        "--prune dns", "the best epoch may be one from before the masks had settled");
    if (!options.has("stop")) {
      terms.requireKnownLength("--prune dns", "masks change in the first three quarters of it");
    }
  }

  @Override
  public String describe(int epochs) {
    String stop = epochs == 0 ? "" : " over %s epochs".formatted(NamedOptions.plain(stop(epochs)));
    return "dns:%s, connections cut and spliced%s".formatted(c(), stop);
  }

  @Override
  public void prepare(Module model, Site site) {
    surgery(site).attach(model);
  }

  @Override
  public void attach(Trainer.Builder trainer, Site site) {
    trainer.callback(surgery(site));
  }

  private DynamicNetworkSurgery surgery(Site site) {
    if (surgery == null) {
      surgery =
          new DynamicNetworkSurgery(
              site.input(),
              options(site.steps(stop(site.epochs())), site.seed()),
              options.list("exclude"));
    }
    return surgery;
  }

  @Override
  public void finish(Ending ending) {
    SparseEnding.finish(ending);
  }
}
