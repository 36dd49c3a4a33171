package org.espalier.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.espalier.optim.train.Trainer;

/**
 * Says how often a run saves itself between the ends of its epochs: after so many seconds, or after
 * so many steps.
 *
 * @param count how many
 * @param unit of what
 */
record SaveInterval(int count, Unit unit) {
  /** Names what is counted. */
  enum Unit {
    SECONDS,
    STEPS
  }

  private static final Pattern FORM = Pattern.compile("([1-9]\\d{0,8})(s|steps)?");

  /** Reads {@code 60}, {@code 60s} or {@code 100steps}. */
  static SaveInterval parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "--save-every takes seconds, such as 60, or steps, such as 100steps, got '" + text + "'");
    }
    return new SaveInterval(
        Integer.parseInt(matcher.group(1)),
        "steps".equals(matcher.group(2)) ? Unit.STEPS : Unit.SECONDS);
  }

  /** Sets the interval of a trainer. */
  void applyTo(Trainer.Builder trainer) {
    switch (unit) {
      case SECONDS -> trainer.saveEverySeconds(count);
      case STEPS -> trainer.saveEverySteps(count);
    }
  }
}
