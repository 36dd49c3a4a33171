package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import org.espalier.tensor.kernel.KernelLookup;

/**
 * Is what one command left behind; made by running it in this virtual machine.
 *
 * @param status the exit status
 * @param out what it printed
 * @param err what it printed on the error stream
 */
record Cli(int status, String out, String err) {
  static {
    System.setProperty("espalier.latency.seconds", "0.01");
    System.setProperty("espalier.terminal", "false");
    // Without the Vector API the choice of kernels warns once in a process: not a command's fault.
    KernelLookup.describe();
  }

  /** Stands for what ends a process at once. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1L;
  }

  /** Runs a command by the words of a text, in which each {@code %s} stands for what follows. */
  static Cli of(String words, Object... places) {
    return run(null, words, places);
  }

  /** Runs a command that dies when it is about to print a line that begins like this. */
  static Cli killedAt(String line, String words, Object... places) {
    Cli cli = run(line, words, places);
    assertEquals(1, cli.status(), cli.err() + cli.out());
    assertTrue(cli.err().contains("Killed"), cli.err());
    return cli;
  }

  private static Cli run(String killer, String words, Object... places) {
    Iterator<Object> place = Arrays.asList(places).iterator();
    return run(
        killer,
        Arrays.stream(words.split(" "))
            .map(word -> word.contains("%s") ? word.formatted(place.next()) : word)
            .toArray(String[]::new));
  }

  private static Cli run(String killer, String... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream complained = new ByteArrayOutputStream();
    System.setOut(
        new PrintStream(printed, true, StandardCharsets.UTF_8) {
          @Override
          public void println(String line) {
            if (killer != null && line.startsWith(killer)) {
              throw new Killed();
            }
            super.println(line);
          }
        });
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    try {
      int status = Main.run(arguments);
      return new Cli(
          status,
          printed.toString(StandardCharsets.UTF_8),
          complained.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** Asserts that the command did what it was told and complained of nothing; returns this. */
  Cli done() {
    assertEquals(0, status, err + out);
    assertEquals("", err);
    return this;
  }
}
