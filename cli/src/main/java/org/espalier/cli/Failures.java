package org.espalier.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.espalier.optim.train.DivergedException;
import org.espalier.tensor.StateException;
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

  private static final String MORE_HEAP = "ESPALIER_JAVA_OPTS=-Xmx8g";

  private Failures() {}

  /** Prints the sentence and returns the exit status. */
  static int report(Throwable failure, CommandLine command) {
    Throwable cause = unwrapped(failure);
    command.getErr().println("espalier: " + onOneLine(sentence(cause)));
    if ("1".equals(System.getenv("ESPALIER_STACKTRACE"))) {
      failure.printStackTrace(command.getErr());
    }
    return isUsersOwn(cause) ? WRONG_USE : FAULT;
  }

  /** Returns the exception to throw when memory did not suffice for a batch. */
  static StateException outOfMemory(int batchSize, Throwable cause) {
    return outOfMemory(
        "out of memory at batch size "
            + batchSize
            + ": choose a smaller --batch-size, or more heap with "
            + MORE_HEAP,
        cause);
  }

  /**
   * Returns the exception to throw when memory did not suffice and a run folder keeps what was
   * done: its batch size cannot be changed any more.
   *
   * @param doing what was being done, such as {@code at batch size 64}
   */
  static StateException outOfMemory(String doing, Path resumable, Throwable cause) {
    return outOfMemory(
        "out of memory %s: the run is saved; give Java more with %s and go on with --resume %s"
            .formatted(doing, MORE_HEAP, resumable),
        cause);
  }

  private static StateException outOfMemory(String sentence, Throwable cause) {
    StateException named = new StateException(sentence);
    named.initCause(cause);
    return named;
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure.getCause();
    boolean isWrapper =
        failure instanceof UncheckedIOException
            || failure instanceof ExecutionException
            || failure.getClass() == RuntimeException.class
            || isCopy(failure, cause);
    return isWrapper && cause != null ? unwrapped(cause) : failure;
  }

  /** Tells whether a failure is what a fork-join pool makes of one that another thread threw. */
  private static boolean isCopy(Throwable failure, Throwable cause) {
    return cause != null
        && failure.getClass() == cause.getClass()
        && (failure.getMessage() == null || failure.getMessage().equals(cause.toString()));
  }

  private static boolean isUsersOwn(Throwable cause) {
    return cause instanceof IllegalArgumentException
        || cause instanceof StateException
        || cause instanceof DivergedException
        || cause instanceof IOException
        || cause instanceof OutOfMemoryError;
  }

  private static String onOneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
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
    if (cause instanceof OutOfMemoryError) {
      return "out of memory: give Java more with "
          + MORE_HEAP
          + "; smaller --batch-size, and train's --limit, need less";
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
