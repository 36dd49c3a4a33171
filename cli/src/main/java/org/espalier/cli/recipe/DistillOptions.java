package org.espalier.cli.recipe;

import java.util.Set;
import java.util.TreeSet;
import org.espalier.nn.Module;
import org.espalier.nn.loss.DistillationLoss;
import org.espalier.nn.loss.Loss;
import org.espalier.sparse.distillation.Distillation;

/**
 * Says how a teacher's answers count: {@code --distill T=4,a=0.9} for temperature and share, and
 * {@code hint=THEIRS:OURS} for what two modules compute inside, {@code hint-weight} saying how much
 * that counts.
 */
public final class DistillOptions {
  private static final Set<String> NAMES = new TreeSet<>(Set.of("t", "a", "hint", "hint-weight"));

  private final NamedOptions options;
  private final DistillationLoss loss;

  private DistillOptions(NamedOptions options) {
    this.options = options;
    loss =
        new DistillationLoss(
            options.number("t", DistillationLoss.DEFAULT_TEMPERATURE),
            options.number("a", DistillationLoss.DEFAULT_ALPHA));
    if (options.has("hint") && options.list("hint").length != 2) {
      throw options.wrong(
          "hint", "a module of the teacher and one of the student, as in layer3:layer3");
    }
    if (options.has("hint-weight") && !options.has("hint")) {
      throw new IllegalArgumentException(
          "--distill: hint-weight weighs a hint; name one with hint");
    }
  }

  /**
   * Reads the words; what is wrong in them is refused.
   *
   * @param text the words, empty for the usual temperature and share
   */
  public static DistillOptions parse(String text) {
    return new DistillOptions(NamedOptions.parse("--distill", text, NAMES));
  }

  /** Returns the temperature and the share in words, and whether there is a hint. */
  public String describe() {
    String text =
        "(T=%s, a=%s)"
            .formatted(NamedOptions.plain(loss.temperature()), NamedOptions.plain(loss.alpha()));
    return hasHint() ? text + " and what it computes inside" : text;
  }

  /**
   * Returns what a trainer lowers.
   *
   * @param teacher the trained model, never modified
   * @param hard the loss of the true targets
   */
  public Distillation task(Module teacher, Loss hard) {
    Distillation.Builder builder =
        Distillation.from(teacher)
            .loss(new DistillationLoss(loss.temperature(), loss.alpha(), hard));
    if (hasHint()) {
      String[] paths = options.list("hint");
      builder.hint(paths[0], paths[1], options.number("hint-weight", 1));
    }
    return builder.build();
  }

  /**
   * Refuses hints at modules that are not there.
   *
   * @param model the teacher, of which the student is a smaller copy
   */
  public void checkNames(Module model) {
    if (hasHint()) {
      for (String path : options.list("hint")) {
        if (!model.modules().containsKey(path)) {
          throw options.wrong("hint", "of modules of the model, " + model.modules().keySet());
        }
      }
    }
  }

  boolean hasHint() {
    return options.has("hint");
  }

  /** Returns the module of the student that a hint guides, of options that have one. */
  String guided() {
    return options.list("hint")[1];
  }

  /** Returns the hint as it was given, of options that have one. */
  String hint() {
    return options.text("hint");
  }
}
