package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.espalier.tensor.FormatException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class FailuresTest {
  @Command
  private static final class Nothing {}

  private final StringWriter printed = new StringWriter();

  private int report(Throwable failure) {
    CommandLine command = new CommandLine(new Nothing());
    command.setErr(new PrintWriter(printed, true));
    return Failures.report(failure, command);
  }

  @Test
  void outOfMemoryNamesTheBatchSize() {
    assertEquals(2, report(Failures.outOfMemory(4096, new OutOfMemoryError("Java heap space"))));
    assertTrue(printed.toString().contains("batch size 4096"), printed.toString());
    assertTrue(printed.toString().contains("--batch-size"), printed.toString());
  }

  @Test
  void outOfMemoryOfASavedRunNamesTheWayToGoOn() {
    Path run = Path.of("runs", "a");
    report(Failures.outOfMemory("at batch size 64", run, new OutOfMemoryError("Java heap space")));
    String said = printed.toString();
    assertTrue(said.contains("at batch size 64") && said.contains("--resume " + run), said);
    assertFalse(said.contains("--batch-size"), "a resumed run keeps its batch size: " + said);
  }

  @Test
  void outOfMemoryElsewhereStillNamesTheWayOut() {
    assertEquals(2, report(new ExecutionException(new OutOfMemoryError("Java heap space"))));
    assertTrue(printed.toString().contains("--batch-size"), printed.toString());
  }

  @Test
  void filesAreNamed() {
    assertEquals(2, report(new UncheckedIOException(new NoSuchFileException("a.bin"))));
    assertEquals(2, report(new AccessDeniedException("b.bin")));
    assertEquals(
        "espalier: no such file or folder: a.bin%nespalier: no permission for b.bin%n".formatted(),
        printed.toString());
  }

  @Test
  void whatAnotherThreadThrewIsSaidOnce() {
    IllegalArgumentException original = new IllegalArgumentException("--limit is wrong");
    assertEquals(2, report(new ExecutionException(new IllegalArgumentException(original))));
    assertEquals("espalier: --limit is wrong%n".formatted(), printed.toString());
  }

  @Test
  void aNamedFileIsNotLostWhereACauseSaysLess() {
    report(new FormatException("m.bin: bad: inner", new FormatException("inner")));
    assertEquals("espalier: m.bin: bad: inner%n".formatted(), printed.toString());
  }

  @Test
  void itStaysOneLine() {
    report(new IOException("first\n  second\r\nthird"));
    assertEquals("espalier: first second third%n".formatted(), printed.toString());
  }

  @Test
  void aFaultOfOursSaysSo() {
    assertEquals(1, report(new NullPointerException("x is null")));
    assertTrue(printed.toString().startsWith("espalier: fault in Espalier, NullPointer"));
    assertFalse(printed.toString().contains("\tat "));
  }
}
