package org.espalier.cli;

import org.espalier.cli.recipe.TechniqueWords;
import picocli.CommandLine.Option;

/** The options that say which techniques a run combines. */
final class TechniqueOptions {
  private static final String USUAL_PRUNING = "sfp:0.4";

  @Option(
      names = "--prune",
      description =
          "none, sfp:RATIO or asfp:RATIO (default: sfp:0.4, or none where one of the next options is given); in the"
              + " last sixth of the epochs the zeros are held; gradients are clipped to norm 1."
              + " Single connections: scl:LAMBDA (learned), gmp:SPARSITY or gmp:2:4 (magnitude), dns:C (surgery), snip:SPARSITY."
              + " With --optimizer rls also rls:RATIO, inputs of every layer whenever the loss has recovered, as in rls:0.2,first=3.")
  private String prune;

  @Option(
      names = "--lowrank",
      description =
          "none or lrpet:RATIO: weights are projected onto low ranks, RATIO of the singular values dropped, and every"
              + " layer is split in two at the end (default: none).")
  private String lowrank;

  @Option(
      names = "--quantize",
      description =
          "none, qat:int8 (becomes integers at the end), qat:BITS, lsq:BITS, dorefa:w=1,a=2, binaryconnect, bnn, bwn, xnor,"
              + " twn or ttq (default: none).")
  private String quantize;

  @Option(
      names = "--teacher",
      paramLabel = "RUN",
      description = "A trained model or its run folder: the run learns from its answers too.")
  private String teacher;

  @Option(
      names = "--distill",
      paramLabel = "OPTIONS",
      description =
          "How a teacher's answers count: temperature and share (default: T=4,a=0.9), and what it computes inside,"
              + " as in hint=layer3:layer3.")
  private String distill;

  /** Returns what they say; a run that names another technique is not pruned unless it says so. */
  TechniqueWords words() {
    boolean other = lowrank != null || quantize != null || teacher != null;
    String usual = other ? TechniqueWords.NONE : USUAL_PRUNING;
    return new TechniqueWords(
        prune == null ? usual : prune,
        lowrank == null ? TechniqueWords.NONE : lowrank,
        quantize == null ? TechniqueWords.NONE : quantize,
        teacher,
        distill);
  }
}
