package org.espalier.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.espalier.optim.train.Progress;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private static String shown(boolean terminal, Consumer<ProgressLine> use) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ProgressLine line =
        new ProgressLine(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal)) {
      use.accept(line);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Progress at(int epoch, int step) {
    return new Progress(epoch, 12, step, 3, 0.1236, 0.5, 0.1, 1234.4, 61);
  }

  @Test
  void withoutATerminalThereIsOneLineAnEpoch() {
    String printed =
        shown(
            false,
            line -> {
              for (int step = 1; step <= 3; step++) {
                line.show(at(0, step));
              }
              line.show(at(1, 1));
            });
    assertEquals(
        "epoch 1/12  loss 0.124  accuracy 50.00 %  1,234 images/s  1:01 left", printed.strip());
  }

  @Test
  void aTerminalGetsABarThatFitsIntoItsLine() {
    String printed =
        shown(
            true,
            line -> {
              line.show(at(0, 3));
              line.show(at(1, 1));
            });
    assertTrue(printed.contains("epoch 1/12 [===="), printed);
    assertTrue(printed.contains("epoch 2/12 ["), printed);
    for (String part : printed.split("[\r\n]")) {
      assertTrue(part.strip().length() <= 80, part);
    }
  }
}
