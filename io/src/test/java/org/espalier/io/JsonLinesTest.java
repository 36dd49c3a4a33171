package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JsonLinesTest {
  @TempDir Path folder;

  @Test
  void eachRecordIsALineThatIsWrittenAtOnce() throws IOException {
    Path file = folder.resolve("log.jsonl");
    try (JsonLines log = JsonLines.create(file)) {
      log.accept(Map.of("loss", 0.5));
      assertEquals("{\"loss\":0.5}\n", Files.readString(file));
      log.accept(Map.of("text", "two\nlines"));
    }
    assertEquals(List.of(Map.of("loss", 0.5), Map.of("text", "two\nlines")), JsonLines.read(file));
  }

  @Test
  void numbersJsonCannotHoldBecomeText() throws IOException {
    Path file = folder.resolve("log.jsonl");
    try (JsonLines log = JsonLines.create(file)) {
      log.accept(Map.of("loss", Double.NaN));
    }
    assertEquals(List.of(Map.of("loss", "NaN")), JsonLines.read(file));
  }

  @Test
  void goingOnCutsAHalfWrittenLine() throws IOException {
    Path file = folder.resolve("log.jsonl");
    Files.writeString(file, "{\"epoch\":1}\n{\"epo");
    try (JsonLines log = JsonLines.append(file)) {
      log.accept(Map.of("epoch", 2));
    }
    assertEquals("{\"epoch\":1}\n{\"epoch\":2}\n", Files.readString(file));
    try (JsonLines log = JsonLines.create(file)) {
      log.accept(Map.of("epoch", 1));
    }
    assertEquals(1, JsonLines.read(file).size());
  }

  @Test
  void goingOnDropsWhatWillBeWrittenAgainAndKeepsTheRestByteForByte() throws IOException {
    Path file = folder.resolve("log.jsonl");
    Files.writeString(file, "{\"epoch\":0, \"a\":0.10}\n{\"epoch\":1}\n{\"b\":2}\n{\"ep");
    try (JsonLines log =
        JsonLines.append(file, entry -> !Long.valueOf(1).equals(entry.get("epoch")))) {
      log.accept(Map.of("epoch", 1));
    }
    assertEquals("{\"epoch\":0, \"a\":0.10}\n{\"b\":2}\n{\"epoch\":1}\n", Files.readString(file));
    Path absent = folder.resolve("absent.jsonl");
    JsonLines.append(absent, entry -> true).close();
    assertEquals("", Files.readString(absent));
  }

  @Test
  void aDamagedLineIsNamed() throws IOException {
    Path file = Files.writeString(folder.resolve("log.jsonl"), "{\"a\":1}\n{a}\n");
    String message = assertThrows(FormatException.class, () -> JsonLines.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": line 2: "), message);
  }
}
