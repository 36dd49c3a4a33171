package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Tensor;

/** Runs a reader over a folder of good and malformed files with verdicts and expected contents. */
final class FormatFixtures {
  /** Reads the arrays of a file by name; a file of one array gives it the empty name. */
  interface Reader {
    Map<String, Tensor> read(Path file) throws IOException;
  }

  private FormatFixtures() {}

  /** Checks every case of {@code CASES.csv} and returns how many there were. */
  static int check(Path folder, Reader reader) throws IOException {
    Map<String, Object> expected =
        Json.readObject("expected.json", Files.readString(folder.resolve("expected.json")));
    List<String> lines = Files.readAllLines(folder.resolve("CASES.csv"));
    for (String line : lines.subList(1, lines.size())) {
      String[] cells = line.split(",", 3);
      check(folder.resolve(cells[0]), cells[1], expected.get(cells[0]), reader);
    }
    return lines.size() - 1;
  }

  private static void check(Path file, String verdict, Object expected, Reader reader)
      throws IOException {
    Map<String, Tensor> read = null;
    FormatException refusal = null;
    try {
      read = reader.read(file);
    } catch (FormatException refused) {
      refusal = refused;
      assertTrue(refused.getMessage().startsWith(file.toString()), refused.getMessage());
      assertTrue(refused.getMessage().length() < 1000, "message is short: " + file);
    }
    if (!verdict.equals("either")) {
      assertEquals(verdict, refusal == null ? "accept" : "refuse", file + " " + refusal);
    }
    if (refusal == null && expected != null) {
      compare(file, object(expected), read);
    }
  }

  private static void compare(Path file, Map<String, Object> expected, Map<String, Tensor> read) {
    if (expected.containsKey("dtype")) {
      compare(file.toString(), expected, read.get(""));
      return;
    }
    for (Map.Entry<String, Object> entry : expected.entrySet()) {
      if (!entry.getKey().equals("__metadata__")) {
        compare(file + " " + entry.getKey(), object(entry.getValue()), read.get(entry.getKey()));
      }
    }
    assertEquals(
        expected.keySet().stream().filter(name -> !name.equals("__metadata__")).count(),
        read.size(),
        file.toString());
  }

  private static void compare(String what, Map<String, Object> expected, Tensor read) {
    assertEquals(expected.get("shape").toString(), read.shape().toString(), what);
    assertEquals(dtype((String) expected.get("dtype")), read.dtype(), what);
    if (expected.containsKey("bits_hex")) {
      List<?> bits = (List<?>) expected.get("bits_hex");
      for (int i = 0; i < bits.size(); i++) {
        assertEquals(
            bits.get(i), String.format("%08x", Float.floatToRawIntBits(read.f32()[i])), what);
      }
    } else if (expected.containsKey("all")) {
      for (double value : read.toDoubles()) {
        assertEquals(number(expected.get("all")), value, what);
      }
    } else {
      List<?> values = (List<?>) expected.get("data");
      assertEquals(values.size(), read.count(), what);
      for (int i = 0; i < values.size(); i++) {
        assertEquals(number(values.get(i)), read.get(i), what + " element " + i);
      }
    }
  }

  private static DType dtype(String name) {
    return switch (name.replaceAll("[<>|]", "")) {
      case "F64", "f8" -> DType.F64;
      case "F32", "F16", "BF16", "f4", "f2" -> DType.F32;
      case "I8", "i1" -> DType.I8;
      default -> DType.I32;
    };
  }

  private static double number(Object value) {
    if (value instanceof Boolean truth) {
      return truth ? 1 : 0;
    }
    return ((Number) value).doubleValue();
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    return (Map<String, Object>) value;
  }

  /**
   * Damages good files in random places and requires that a reader answers each with contents or
   * with a {@link FormatException}, never with another failure.
   */
  static void damage(Path folder, Path scratch, Reader reader) throws IOException {
    List<Path> files;
    try (var list = Files.list(folder)) {
      files =
          list.filter(file -> file.getFileName().toString().matches("(ok|real).*\\.(np.|saf.*)"))
              .filter(file -> file.toFile().length() < 10_000)
              .sorted()
              .toList();
    }
    Random random = new Random(17);
    int refused = 0;
    for (Path good : files) {
      byte[] bytes = Files.readAllBytes(good);
      for (int round = 0; round < 60; round++) {
        byte[] damaged = damaged(bytes, random);
        Path file = Files.write(scratch.resolve(good.getFileName()), damaged);
        try {
          reader.read(file);
        } catch (FormatException expected) {
          refused++;
        } catch (RuntimeException | Error other) {
          throw new AssertionError(good + " damaged in round " + round, other);
        }
      }
    }
    assertTrue(refused > files.size() * 10, "damage is noticed: " + refused);
  }

  private static byte[] damaged(byte[] bytes, Random random) {
    byte[] copy = bytes.clone();
    if (random.nextInt(4) == 0) {
      return Arrays.copyOf(copy, random.nextInt(bytes.length + 20));
    }
    for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
      copy[random.nextInt(Math.min(copy.length, 160))] = (byte) random.nextInt(256);
    }
    return copy;
  }
}
