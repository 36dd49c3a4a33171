package org.espalier.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressState;
import org.espalier.optim.train.Progress;

/**
 * Shows how far training is: a bar with loss, accuracy, images a second and time left on a
 * terminal; elsewhere a plain line at the end of each epoch.
 */
final class ProgressLine implements AutoCloseable {
  private static final int USUAL_COLUMNS = 80;
  private static final int FEWEST_CELLS = 4;

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

  private static int columns() {
    return Math.max(Integer.getInteger("espalier.columns", USUAL_COLUMNS), 20);
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
              .setUpdateIntervalMillis(250)
              .setConsumer(new ConsoleProgressBarConsumer(out, columns()))
              .setRenderer(ProgressLine::render)
              .build();
    }
    bar.setExtraMessage(describe(progress));
    bar.stepTo(progress.step());
  }

  /** Draws the bar in what the numbers leave of the line; they matter more than the bar. */
  private static String render(ProgressState state, int width) {
    String before = state.getTaskName() + " [";
    String behind = "] " + state.getExtraMessage();
    int cells = Math.max(FEWEST_CELLS, width - 1 - before.length() - behind.length());
    int done = (int) (cells * state.getNormalizedProgress());
    return before + "=".repeat(done) + " ".repeat(cells - done) + behind;
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
