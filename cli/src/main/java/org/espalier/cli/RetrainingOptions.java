package org.espalier.cli;

import java.io.PrintStream;
import java.util.Map;
import org.espalier.cli.recipe.DistillOptions;
import org.espalier.nn.Module;
import org.espalier.optim.Schedule;
import org.espalier.optim.Sgd;
import org.espalier.optim.train.History;
import org.espalier.optim.train.Recalibration;
import org.espalier.optim.train.Trainer;
import picocli.CommandLine.Option;

/** The options that say what a model goes through when it was cut. */
final class RetrainingOptions {
  private static final int SCHEDULE_PARTS = 1000;

  @Option(
      names = "--finetune",
      paramLabel = "N",
      description = "Epochs of training behind each cut (default: 0).")
  private int epochs;

  @Option(
      names = "--recalibrate",
      paramLabel = "N",
      description =
          "Estimate batch-norm statistics again, on N batches, behind each cut (default: 0, not).")
  private int batches;

  @Option(
      names = "--rate",
      description = "The learning rate at the start; it falls along half a cosine (default: 0.01).")
  private double rate = 0.01;

  @Option(names = "--weight-decay", description = "Weight decay (default: 5e-4).")
  private double weightDecay = 5e-4;

  @Option(
      names = "--augment",
      description = "none, or a list of flip, cropN, cutoutN (default: what suits the data).")
  private String augment;

  @Option(
      names = "--distill",
      paramLabel = "OPTIONS",
      description =
          "Fine-tune by the answers of the model before the cut too: temperature and share as in T=4,a=0.9,"
              + " and what it computes inside, as in hint=layer3:layer3 (default: by the targets alone).")
  private String distill;

  /** Refuses options that are wrong. */
  void check() {
    if (epochs < 0 || batches < 0) {
      throw new IllegalArgumentException(
          "--finetune and --recalibrate must be at least 0, got %d and %d"
              .formatted(epochs, batches));
    }
    if (!(rate > 0 && Double.isFinite(rate) && weightDecay >= 0 && Double.isFinite(weightDecay))) {
      throw new IllegalArgumentException(
          "--rate must be above 0 and --weight-decay at least 0, got %s and %s"
              .formatted(rate, weightDecay));
    }
    if (augment != null) {
      DataSource.named(augment);
    }
    if (distill != null) {
      teaching();
      if (epochs == 0) {
        throw new IllegalArgumentException(
            "--distill says how the model before the cut teaches: add --finetune EPOCHS");
      }
    }
  }

  /**
   * Refuses hints at modules that the model has not, before anything is written.
   *
   * @param dense the model before it is cut, the teacher
   */
  void checkTeacher(Module dense) {
    if (distill != null) {
      teaching().checkNames(dense);
    }
  }

  /** Tells whether training samples are needed. */
  boolean needsTraining() {
    return epochs > 0 || batches > 0;
  }

  /** Tells whether the model is trained again. */
  boolean isTraining() {
    return epochs > 0;
  }

  /** Tells whether statistics are estimated again. */
  boolean isRecalibrating() {
    return batches > 0;
  }

  /** Returns how many epochs the model is trained behind a cut. */
  int epochs() {
    return epochs;
  }

  /** Estimates batch-norm statistics again; they are all that is modified. */
  void recalibrate(Module model, PruningData data) {
    if (batches > 0) {
      Recalibration.fresh(data.evidence()).withBatches(batches).apply(model);
    }
  }

  /**
   * Trains the model, which is modified.
   *
   * @param dense the model before it was cut, not modified
   * @param usualAugment the augmentation where the user named none
   */
  History train(
      Module model, ModelFile dense, PruningData data, String usualAugment, PrintStream out) {
    try (ProgressLine progress = new ProgressLine(out, ProgressLine.isTerminal())) {
      Trainer.Builder trainer =
          Trainer.builder(
                  model,
                  TrainingSession.CROSS_ENTROPY,
                  Sgd.builder()
                      .rate(rate)
                      .momentum(0.9)
                      .nesterov(true)
                      .weightDecay(weightDecay)
                      .build(),
                  data.trainingBatches(augment == null ? usualAugment : augment))
              .epochs(epochs)
              .schedule(Schedule.warmupCosine(0, SCHEDULE_PARTS, 0), SCHEDULE_PARTS)
              .seed(data.seed())
              .progress(progress::show);
      if (distill != null) {
        trainer.task(teaching().task(dense.model(), TrainingSession.CROSS_ENTROPY));
      }
      return trainer.build().run();
    } catch (OutOfMemoryError e) {
      throw Failures.outOfMemory(data.batchSize(), e);
    }
  }

  /** Returns the options in words. */
  String describe() {
    String statistics =
        batches > 0 ? "batch-norm statistics from %d batches; ".formatted(batches) : "";
    return statistics + (epochs > 0 ? training() : "no fine-tuning");
  }

  private String training() {
    String text =
        "%d %s of fine-tuning, learning rate %s, weight decay %s"
            .formatted(epochs, epochs == 1 ? "epoch" : "epochs", rate, weightDecay);
    return distill == null
        ? text
        : text + ", taught by the model before the cut " + teaching().describe();
  }

  private DistillOptions teaching() {
    return DistillOptions.parse(distill);
  }

  /** Adds the options to a record that tells runs apart. */
  void addTo(Map<String, Object> settings) {
    settings.put("finetune", (long) epochs);
    settings.put("recalibrate", (long) batches);
    settings.put("rate", rate);
    settings.put("weight_decay", weightDecay);
    settings.put("augment", augment == null ? "" : augment);
    if (distill != null) {
      settings.put("distill", distill);
    }
  }
}
