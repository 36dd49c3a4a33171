package org.espalier.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.espalier.optim.train.Progress;

/**
 * Shows how far training is: a bar with loss, accuracy, images a second and time left on a
 * terminal; elsewhere a plain line at the end of each epoch.
 */
final class ProgressLine implements AutoCloseable {
  private final PrintStream out;
  private final boolean terminal;
  private ProgressBar bar;
  private int shownEpoch = -1;

  ProgressLine(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Tells whether standard output is a terminal; the launcher knows and says so. */
  static boolean isTerminal() {
    String said = System.getProperty("espalier.terminal");
    return said == null ? System.console() != null : Boolean.parseBoolean(said);
  }

  /** Shows the state after a step. */
  void show(Progress progress) {
    if (terminal) {
      showBar(progress);
    } else if (progress.step() == progress.steps()) {
      out.println(epoch(progress) + "  " + describe(progress));
    }
  }

  private void showBar(Progress progress) {
    if (progress.epoch() != shownEpoch) {
      close();
      shownEpoch = progress.epoch();
      bar =
          new ProgressBarBuilder()
              .setTaskName(epoch(progress))
              .setInitialMax(progress.steps())
              .setStyle(ProgressBarStyle.ASCII)
              .setUpdateIntervalMillis(250)
              .hideEta()
              .build();
    }
    bar.setExtraMessage(" " + describe(progress));
    bar.stepTo(progress.step());
  }

  private static String epoch(Progress progress) {
    return "epoch " + (progress.epoch() + 1) + "/" + progress.epochs();
  }

  private static String describe(Progress progress) {
    return "loss %s  accuracy %s  %s images/s  %s left"
        .formatted(
            Figures.decimal(progress.loss(), 3),
            Figures.percent(progress.accuracy()),
            Figures.count(Math.round(progress.samplesPerSecond())),
            Figures.duration(progress.secondsLeft()));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
