package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.DType;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  @TempDir Path folder;

  private Path file(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(folder.resolve("a.safetensors"), bytes.array());
  }

  private void assertRefused(String header, int dataBytes, String reason) throws IOException {
    Path file = file(header, dataBytes);
    String message = assertThrows(FormatException.class, () -> SafeTensors.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.contains(reason), message);
  }

  private static String entry(String type, String shape, long begin, long end) {
    return "{\"dtype\":\""
        + type
        + "\",\"shape\":"
        + shape
        + ",\"data_offsets\":["
        + begin
        + ","
        + end
        + "]}";
  }

  private Tensor readOne(String type, ByteBuffer data) throws IOException {
    byte[] bytes = data.array();
    int count = bytes.length / StoredType.valueOf(type).bytes();
    Path file = file("{\"x\":" + entry(type, "[" + count + "]", 0, bytes.length) + "}", 0);
    Files.write(file, bytes, java.nio.file.StandardOpenOption.APPEND);
    return SafeTensors.read(file).get("x");
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Test
  void everyFixtureMeetsItsVerdict() throws IOException {
    assertTrue(
        FormatFixtures.check(
                SharedData.at("format-fixtures/safetensors"),
                file -> {
                  Map<String, Tensor> read = SafeTensors.read(file);
                  try (SafeTensors open = SafeTensors.open(file)) {
                    if (file.getFileName().toString().equals("ok_metadata.safetensors")) {
                      assertEquals(Map.of("format", "pt", "k", "v é"), open.metadata());
                    }
                  }
                  return read;
                })
            > 20);
  }

  @Test
  void damagedFilesAreRefusedOrReadButNeverCrash() throws IOException {
    FormatFixtures.damage(SharedData.at("format-fixtures/safetensors"), folder, SafeTensors::read);
  }

  @Test
  void whatIsWrittenIsReadBackBitByBit() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("codes", Tensor.of(Shape.of(3), (byte) -128, (byte) 0, (byte) 127));
    tensors.put("层.weight", Tensor.of(Shape.of(2, 2), 1f, -0f, Float.NaN, Float.MIN_VALUE));
    tensors.put("proof", Tensor.of(Shape.of(1), Math.PI));
    tensors.put("scalar", Tensor.of(Shape.scalar(), Integer.MIN_VALUE));
    tensors.put("empty", Tensor.zeros(0, 4));
    tensors.put("long", Tensor.full(DType.F32, Shape.of(40_000), 3));
    Path file = folder.resolve("a.safetensors");
    SafeTensors.write(file, Map.of("note", "ü\n\"quoted\""), tensors);
    Map<String, Tensor> read = SafeTensors.read(file);
    assertEquals(List.copyOf(tensors.keySet()), List.copyOf(read.keySet()));
    tensors.forEach((name, tensor) -> assertTrue(tensor.bitEquals(read.get(name)), name));
    try (SafeTensors open = SafeTensors.open(file)) {
      assertEquals(Map.of("note", "ü\n\"quoted\""), open.metadata());
      assertEquals(Shape.of(2, 2), open.shape("层.weight"));
      assertEquals(Math.PI, open.read("proof").item());
    }
    assertEquals(0, ByteBuffer.wrap(Files.readAllBytes(file)).getLong(0) >>> 56 & 7);
  }

  @Test
  void narrowTypesAreWidenedExactly() throws IOException {
    Tensor half =
        readOne(
            "F16",
            little(14)
                .putShort((short) 0x3C00)
                .putShort((short) 0xC000)
                .putShort((short) 0x0001)
                .putShort((short) 0x83FF)
                .putShort((short) 0x7BFF)
                .putShort((short) 0xFC00)
                .putShort((short) 0x8000));
    assertArrayEquals(
        new float[] {1, -2, 0x1p-24f, -0x3FFp-24f, 65504, Float.NEGATIVE_INFINITY, -0f},
        half.f32());
    assertTrue(Float.isNaN(StoredType.halfToFloat((short) 0x7E00)));
    assertArrayEquals(
        new int[] {-1, 32767},
        readOne("I16", little(4).putShort((short) -1).putShort(Short.MAX_VALUE)).i32());
    assertArrayEquals(new int[] {65535}, readOne("U16", little(2).putShort((short) -1)).i32());
    assertArrayEquals(new int[] {200}, readOne("U8", little(1).put((byte) 200)).i32());
    assertArrayEquals(
        new int[] {1, 0}, readOne("BOOL", little(2).put((byte) 1).put((byte) 0)).i32());
    assertArrayEquals(
        new int[] {Integer.MIN_VALUE}, readOne("I64", little(8).putLong(-(1L << 31))).i32());
  }

  @Test
  void halvesAgreeWithTheirDefinition() {
    for (int bits = 0; bits < 0x7C00; bits++) {
      int exponent = bits >> 10;
      int fraction = bits & 0x3FF;
      double value =
          exponent == 0
              ? fraction * Math.pow(2, -24)
              : (1024 + fraction) * Math.pow(2, exponent - 25);
      assertEquals((float) value, StoredType.halfToFloat((short) bits));
      assertEquals((float) -value, StoredType.halfToFloat((short) (bits | 0x8000)));
    }
  }

  @Test
  void valuesThatDoNotFitAreRefused() {
    for (long value : new long[] {1L << 31, -(1L << 31) - 1, Long.MIN_VALUE}) {
      String message =
          assertThrows(FormatException.class, () -> readOne("I64", little(8).putLong(value)))
              .getMessage();
      assertTrue(message.contains("tensor 'x': element 0: the I64 value " + value), message);
    }
    assertThrows(FormatException.class, () -> readOne("U64", little(8).putLong(-1)));
    assertThrows(FormatException.class, () -> readOne("U32", little(4).putInt(-1)));
    assertThrows(FormatException.class, () -> readOne("BOOL", little(1).put((byte) 2)));
  }

  @Test
  void headersThatLieAreRefused() throws IOException {
    String good = entry("F32", "[1]", 0, 4);
    assertRefused("{\"x\":" + entry("F8_E4M3", "[4]", 0, 4) + "}", 4, "'F8_E4M3'");
    assertRefused("{\"x\":" + good + ",\"x\":" + good + "}", 4, "comes twice");
    assertRefused("{\"x\":" + good + ",\"\\u0078\":" + good + "}", 4, "comes twice");
    assertRefused("{\"x\":" + good + "} {}", 4, "more text behind");
    assertRefused("{\"x\":" + good + "}\0\0", 4, "not valid JSON");
    assertRefused("{\"x\":" + good + "", 4, "not valid JSON");
    assertRefused("[1]", 0, "got an array, expected an object");
    assertRefused("", 0, "the end of the text");
    assertRefused("{\"x\":1}", 0, "got an integer, expected an object");
    assertRefused("{\"\\ud800\":" + good + "}", 4, "half of a surrogate pair");
    assertRefused("{\"x\":" + entry("F32", "[-1]", 0, 4) + "}", 4, "got -1");
    assertRefused("{\"x\":" + entry("F32", "[-0]", 0, 4) + "}", 4, "got -0");
    assertRefused("{\"x\":" + entry("F32", "[1.0]", 0, 4) + "}", 4, "got a number with fraction");
    assertRefused("{\"x\":" + entry("F32", "[\"1\"]", 0, 4) + "}", 4, "got text");
    assertRefused("{\"x\":" + entry("F32", "[99999999999999999999]", 0, 4) + "}", 4, "2^63");
    assertRefused(
        "{\"x\":" + entry("F32", "[4294967296,4294967296]", 0, 0) + "}", 0, "more elements");
    assertRefused("{\"x\":" + entry("F32", "[2]", 0, 4) + "}", 4, "needs 8 bytes");
    assertRefused("{\"x\":" + entry("F32", "[1]", 4, 0) + "}", 4, "needs 4 bytes");
    assertRefused("{\"x\":" + entry("F32", "[1]", 4, 8) + "}", 8, "begins at byte 4");
    assertRefused(
        "{\"x\":" + entry("F32", "[1]", Long.MAX_VALUE - 3, Long.MAX_VALUE) + "}", 4, "needs 4");
    assertRefused("{\"x\":" + good + ",\"y\":" + good + "}", 4, "begins at byte 0");
    assertRefused("{\"x\":" + good + "}", 5, "take 4 bytes, the file holds 5");
    assertRefused("{\"x\":" + good + "}", 3, "take 4 bytes, the file holds 3");
    assertRefused("{\"__metadata__\":{\"a\":{}}}", 0, "__metadata__.a: got an object");
    assertRefused("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, "comes twice");
    assertRefused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "comes twice");
    assertRefused("{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "lacks");
    assertRefused(
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}",
        4,
        "twice");
    assertRefused("{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4,4],\"shape\":[1]}}", 4, "more");
    assertRefused("{\"a\":".repeat(200), 0, "");
    assertRefused("{\"x\":{\"more\":" + "[".repeat(100_000), 0, "");
  }

  @Test
  void emptyTensorsMayLieAnywhereBetweenOthers() throws IOException {
    Path file =
        file(
            "{\"b\":"
                + entry("F32", "[1]", 4, 8)
                + ",\"e\":"
                + entry("F32", "[0]", 4, 4)
                + ",\"a\":"
                + entry("F32", "[1]", 0, 4)
                + ",\"f\":"
                + entry("F32", "[2,0]", 8, 8)
                + "}  ",
            8);
    assertEquals(List.of("b", "e", "a", "f"), List.copyOf(SafeTensors.read(file).keySet()));
  }

  @Test
  void keysOfLaterVersionsArePassedOver() throws IOException {
    Path file =
        file(
            "{\"x\":{\"dtype\":\"I8\",\"new\":{\"a\":[1]},\"shape\":[1],\"data_offsets\":[0,1]}}",
            1);
    assertEquals(1, SafeTensors.read(file).get("x").count());
  }

  @Test
  void bytesThatAreNoTextAreRefused() throws IOException {
    Path file = file("{\"x\":" + entry("I8", "[1]", 0, 1) + "}", 1);
    byte[] bytes = Files.readAllBytes(file);
    bytes[10] = (byte) 0xC0;
    Files.write(file, bytes);
    String message = assertThrows(FormatException.class, () -> SafeTensors.read(file)).getMessage();
    assertEquals(file + ": not valid UTF-8 text", message);
  }

  @Test
  void missingFilesAndTensorsAreNamed() throws IOException {
    assertThrows(NoSuchFileException.class, () -> SafeTensors.read(folder.resolve("none")));
    try (SafeTensors open = SafeTensors.open(file("{}", 0))) {
      assertTrue(
          assertThrows(IllegalArgumentException.class, () -> open.read("w"))
              .getMessage()
              .contains("no tensor 'w'"));
    }
  }

  @Test
  void namesThatCannotBeWrittenAreRefused() {
    Path file = folder.resolve("a.safetensors");
    for (String name : List.of("__metadata__", "\ud800")) {
      assertThrows(
          IllegalArgumentException.class,
          () -> SafeTensors.write(file, Map.of(), Map.of(name, Tensor.zeros(1))));
    }
    assertTrue(Files.notExists(file));
  }
}
