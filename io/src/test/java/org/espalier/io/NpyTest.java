package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpyTest {
  @TempDir Path folder;

  private Path file(String header, int... data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.ISO_8859_1);
    byte[] bytes = new byte[10 + text.length + data.length];
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    System.arraycopy(magic, 0, bytes, 0, 8);
    bytes[8] = (byte) text.length;
    bytes[9] = (byte) (text.length >> 8);
    System.arraycopy(text, 0, bytes, 10, text.length);
    for (int i = 0; i < data.length; i++) {
      bytes[10 + text.length + i] = (byte) data[i];
    }
    return Files.write(folder.resolve("a.npy"), bytes);
  }

  private static String header(String descr, boolean fortran, String shape) {
    return "{'descr': '"
        + descr
        + "', 'fortran_order': "
        + (fortran ? "True" : "False")
        + ", 'shape': "
        + shape
        + ", }";
  }

  private void assertRefused(String header, String reason, int... data) throws IOException {
    Path file = file(header, data);
    String message = assertThrows(FormatException.class, () -> Npy.read(file)).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void everyFixtureMeetsItsVerdict() throws IOException {
    int cases = FormatFixtures.check(SharedData.at("format-fixtures/npy"), NpyTest::read);
    assertTrue(cases > 40);
  }

  @Test
  void damagedFilesAreRefusedOrReadButNeverCrash() throws IOException {
    FormatFixtures.damage(SharedData.at("format-fixtures/npy"), folder, NpyTest::read);
  }

  private static Map<String, Tensor> read(Path file) throws IOException {
    return file.toString().endsWith(".npz") ? Npz.read(file) : Map.of("", Npy.read(file));
  }

  @Test
  void whatIsWrittenIsReadBackBitByBit() throws IOException {
    Path file = folder.resolve("a.npy");
    for (Tensor tensor :
        List.of(
            Tensor.of(Shape.of(2, 2), 1f, -0f, Float.NaN, Float.MIN_VALUE),
            Tensor.of(Shape.of(2), Math.PI, Double.NEGATIVE_INFINITY),
            Tensor.of(Shape.scalar(), Integer.MIN_VALUE),
            Tensor.of(Shape.of(3), (byte) -128, (byte) 0, (byte) 127),
            Tensor.zeros(0, 3),
            Tensor.zeros(30_000))) {
      Npy.write(file, tensor);
      assertTrue(tensor.bitEquals(Npy.read(file)), tensor.toString());
    }
  }

  @Test
  void writtenElementsBeginAtAMultipleOfSixtyFour() throws IOException {
    for (int rank = 0; rank < 20; rank++) {
      int[] sizes = new int[rank];
      java.util.Arrays.fill(sizes, 1);
      Path file = folder.resolve("a.npy");
      Npy.write(file, Tensor.zeros(sizes));
      byte[] bytes = Files.readAllBytes(file);
      assertEquals(0, (bytes.length - 4) % 64);
      assertEquals('\n', bytes[bytes.length - 5]);
    }
  }

  @Test
  void firstIndexFastestIsTurnedAround() throws IOException {
    Tensor read = Npy.read(file(header("|u1", true, "(2, 3)"), 0, 10, 1, 11, 2, 12));
    assertArrayEquals(new int[] {0, 1, 2, 10, 11, 12}, read.i32());
    assertEquals(Shape.of(2, 3), read.shape());
    Tensor three = Npy.read(file(header("|i1", true, "(2, 1, 3)"), 0, 10, 1, 11, 2, 12));
    assertArrayEquals(new byte[] {0, 1, 2, 10, 11, 12}, three.i8());
    assertEquals(Shape.of(0, 3), Npy.read(file(header("|i1", true, "(0, 3)"))).shape());
  }

  @Test
  void bothByteOrdersAreRead() throws IOException {
    assertArrayEquals(new int[] {258}, Npy.read(file(header(">i2", false, "(1,)"), 1, 2)).i32());
    assertArrayEquals(new int[] {513}, Npy.read(file(header("<i2", false, "(1,)"), 1, 2)).i32());
  }

  @Test
  void keysMayComeInAnyOrderAndQuotes() throws IOException {
    Path file = file("{\"shape\":(2,),'fortran_order' :False,\n'descr':\"|u1\"}   \n", 7, 8);
    assertArrayEquals(new int[] {7, 8}, Npy.read(file).i32());
  }

  @Test
  void headersThatLieAreRefused() throws IOException {
    assertRefused(header("<f4", false, "(1)"), "tuple", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "[1]"), "expected '('", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "(-1,)"), "expected a size", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "(1.0,)"), "got '.0", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "(01,)"), "expected a size", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "(True,)"), "expected a size", 0, 0, 0, 0);
    assertRefused(header("<f4", false, "(9999999999999999999,)"), "expected a size");
    assertRefused(header("<f4", false, "(" + "1,".repeat(65) + ")"), "more than 64 axes");
    assertRefused(header("<f4", false, "(1000000,)"), "needs 4000000 bytes", 0, 0);
    assertRefused(header("<f4", false, "(2,)"), "cut short", 0, 0, 0, 0);
    assertRefused(header("|f4", false, "(1,)"), "byte order", 0, 0, 0, 0);
    assertRefused(header("<f16", false, "(1,)"), "'<f16' is not supported");
    assertRefused(header("", false, "(1,)"), "'' is not supported");
    assertRefused(header("|b1", false, "(1,)"), "truth value 2", 2);
    assertRefused(header("<u8", false, "(1,)"), "U64 value", 0, 0, 0, 0, 0, 0, 0, 255);
    assertRefused("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "structured");
    assertRefused(header("<f4", false, "()") + "x", "behind the dictionary", 0, 0, 0, 0);
    assertRefused("{'descr': '<f4', 'descr': '<f4'}", "comes twice");
    assertRefused("{'descr': '<f4', 'shape': ()}", "header has the keys [descr, shape]");
    assertRefused("{'descr': '<f4' 'shape': ()}", "expected '}'");
    assertRefused("{'descr': '<f4", "quoted text");
    assertRefused("{'fortran_order': 1}", "True or False");
    assertRefused("", "expected '{'");
    assertRefused("\0\0\0\0", "expected '{'");
  }

  @Test
  void bytesBehindTheArrayAreRefused() throws IOException {
    assertRefused(header("|u1", false, "(1,)"), "more bytes behind the array", 1, 2);
  }
}
