package org.espalier.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

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
  }

  static Cli run(Object... arguments) {
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    ByteArrayOutputStream complained = new ByteArrayOutputStream();
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    try {
      int status = Main.run(Arrays.stream(arguments).map(String::valueOf).toArray(String[]::new));
      return new Cli(
          status,
          printed.toString(StandardCharsets.UTF_8),
          complained.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }
}
