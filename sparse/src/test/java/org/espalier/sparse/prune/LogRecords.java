package org.espalier.sparse.prune;

import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.ResourceBundle;

/** Keeps what this module logs in its tests, instead of printing it. */
public final class LogRecords extends System.LoggerFinder {
  private record Line(System.Logger.Level level, String message) {}

  private static final List<Line> LINES = Collections.synchronizedList(new ArrayList<>());

  /** Creates the finder; called by the service loader. */
  public LogRecords() {}

  /** Forgets all lines. */
  public static void clear() {
    LINES.clear();
  }

  /** Returns the lines of one level. */
  public static List<String> of(System.Logger.Level level) {
    return LINES.stream().filter(line -> line.level == level).map(Line::message).toList();
  }

  @Override
  public System.Logger getLogger(String name, Module module) {
    return new Recorder(name);
  }

  private record Recorder(String name) implements System.Logger {
    @Override
    public String getName() {
      return name;
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
      LINES.add(new Line(level, message));
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... values) {
      String message =
          values == null || values.length == 0
              ? format
              : new MessageFormat(format, Locale.ROOT).format(values);
      LINES.add(new Line(level, message));
    }
  }
}
