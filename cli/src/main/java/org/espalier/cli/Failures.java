package org.espalier.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;

/**
 * Turns a failure into one sentence and an exit status; {@code ESPALIER_STACKTRACE=1} shows the
 * stack as well.
 */
final class Failures {
  /** The exit status for wrong options and missing or damaged files. */
  static final int WRONG_USE = 2;

  /** The exit status for a fault of ours. */
  static final int FAULT = 1;

  private Failures() {}

  /** Prints the sentence and returns the exit status. */
  static int report(Throwable failure, CommandLine command) {
    Throwable cause = unwrapped(failure);
    command.getErr().println("espalier: " + sentence(cause));
    if ("1".equals(System.getenv("ESPALIER_STACKTRACE"))) {
      failure.printStackTrace(command.getErr());
    }
    return isUsersOwn(cause) ? WRONG_USE : FAULT;
  }

  private static Throwable unwrapped(Throwable failure) {
    boolean isWrapper =
        failure instanceof UncheckedIOException
            || failure instanceof java.util.concurrent.ExecutionException
            || failure.getClass() == RuntimeException.class;
    return isWrapper && failure.getCause() != null ? unwrapped(failure.getCause()) : failure;
  }

  private static boolean isUsersOwn(Throwable cause) {
    return cause instanceof IllegalArgumentException
        || cause instanceof IllegalStateException
        || cause instanceof ArithmeticException
        || cause instanceof IOException
        || cause instanceof OutOfMemoryError;
  }

  private static String sentence(Throwable cause) {
    if (cause instanceof NoSuchFileException missing) {
      return "no such file or folder: " + missing.getFile();
    }
    if (cause instanceof AccessDeniedException denied) {
      return "no permission for " + denied.getFile();
    }
    if (cause instanceof NotDirectoryException file) {
      return "not a folder: " + file.getFile();
    }
    if (cause instanceof FileAlreadyExistsException present) {
      return "exists already, nothing was overwritten: " + present.getFile();
    }
    if (cause instanceof OutOfMemoryError
        && !String.valueOf(cause.getMessage()).contains("batch")) {
      return "out of memory: choose a smaller --batch-size, or give the JVM more with ESPALIER_JAVA_OPTS=-Xmx8g";
    }
    String message = cause.getMessage();
    String said = message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
    return isUsersOwn(cause)
        ? said
        : "fault in Espalier, "
            + cause.getClass().getSimpleName()
            + ": "
            + said
            + " (ESPALIER_STACKTRACE=1 shows where)";
  }
}
