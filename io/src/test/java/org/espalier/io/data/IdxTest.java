package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.espalier.io.SharedData;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxTest {
  @TempDir Path folder;

  private static byte[] idx(int type, int[] sizes, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 + 4 * sizes.length + values.length);
    bytes.put((byte) 0).put((byte) 0).put((byte) type).put((byte) sizes.length);
    for (int size : sizes) {
      bytes.putInt(size);
    }
    for (int value : values) {
      bytes.put((byte) value);
    }
    return bytes.array();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zipped = new GZIPOutputStream(out)) {
      zipped.write(bytes);
    }
    return out.toByteArray();
  }

  private static int[] sizes(int... sizes) {
    return sizes;
  }

  private Path goodLabels() throws IOException {
    return write("labels", idx(8, sizes(2), 1, 3));
  }

  private void assertRefused(byte[] images, String reason) throws IOException {
    Path file = write("images", images);
    Path labels = goodLabels();
    String message =
        assertThrows(FormatException.class, () -> Idx.read(file, labels, List.of())).getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void readsPicturesAndLabelsPlainAndCompressed() throws IOException {
    byte[] images = idx(8, sizes(2, 1, 3), 0, 255, 51, 4, 5, 6);
    Path plain = write("images", images);
    Path zipped = write("images.gz", gzip(images));
    for (Path file : List.of(plain, zipped)) {
      Dataset data = Idx.read(file, goodLabels(), List.of());
      assertEquals(Shape.of(1, 3, 1), data.sampleShape());
      float[] out = new float[3];
      data.read(0, out, 0);
      assertArrayEquals(new float[] {0, 1, 0.2f}, out);
      assertEquals(List.of("0", "1", "2", "3"), data.classNames());
      assertEquals(3, data.label(1));
    }
  }

  @Test
  void readsTheSecondPartOfAFolderWithTheClassesOfBoth() throws IOException {
    write("train-images-idx3-ubyte", idx(8, sizes(1, 1, 1), 7));
    write("train-labels-idx1-ubyte", idx(8, sizes(1), 9));
    write("t10k-images-idx3-ubyte.gz", gzip(idx(8, sizes(1, 1, 1), 8)));
    write("t10k-labels-idx1-ubyte", idx(8, sizes(1), 2));
    assertEquals(9, Idx.training(folder).label(0));
    assertEquals(2, Idx.test(folder).label(0));
    assertEquals(10, Idx.test(folder).classNames().size());
  }

  @Test
  void readsFourAxesAsChannels() throws IOException {
    Path file = write("images", idx(8, sizes(2, 1, 1, 3), 1, 2, 3, 4, 5, 6));
    assertEquals(Shape.of(1, 1, 3), Idx.read(file, goodLabels(), List.of()).sampleShape());
  }

  @Test
  void refusesDamagedFiles() throws IOException {
    assertRefused(new byte[0], "not an idx file");
    assertRefused(new byte[] {1, 2, 3, 4, 5}, "not an idx file");
    assertRefused(idx(13, sizes(2, 1, 1), 1, 2), "got type 13, expected 8");
    assertRefused(idx(8, sizes(2), 1, 2), "got 1 axes, expected 3 or 4");
    assertRefused(Arrays.copyOf(idx(8, sizes(2, 1, 1)), 10), "axis 1 is cut short");
    assertRefused(idx(8, sizes(2, 1, 2), 1, 2, 3), "got 1 pictures, the header says 2");
    assertRefused(idx(8, sizes(2, 1, 1), 1, 2, 3), "bytes behind the 2 pictures");
    assertRefused(idx(8, sizes(3, 1, 1), 1, 2, 3), "holds 3 pictures");
    assertRefused(idx(8, sizes(2, -1, 1), 1, 2), "axis 1 is 4294967295");
    assertRefused(idx(8, sizes(2, 0, 1)), "pictures of 0x1x1");
    assertRefused(idx(8, sizes(2, 1 << 27, 1 << 27), 1), "expected 1 to");
    assertRefused(idx(8, sizes(2, 4096, 4096, 1 << 28), 1), "expected 1 to");
  }

  @Test
  void refusesACompressedFileThatIsCutShort() throws IOException {
    byte[] whole = gzip(idx(8, sizes(2, 1, 1), 1, 2));
    assertRefused(Arrays.copyOf(whole, whole.length - 6), "damaged or cut short");
    assertRefused(Arrays.copyOf(whole, 5), "damaged or cut short");
  }

  @Test
  void refusesLabelsThatAreDamagedOrHaveNoName() throws IOException {
    Path images = write("images", idx(8, sizes(2, 1, 1), 1, 2));
    Path cut = write("cut", Arrays.copyOf(idx(8, sizes(2), 1, 3), 9));
    Path good = goodLabels();
    assertThrows(FormatException.class, () -> Idx.read(images, cut, List.of()));
    String message =
        assertThrows(FormatException.class, () -> Idx.read(images, good, List.of("a", "b")))
            .getMessage();
    assertEquals(good + ": label 1: got 3, expected a class from 0 to 1", message);
  }

  @Test
  void aMissingFileIsNamed() {
    String message =
        assertThrows(NoSuchFileException.class, () -> Idx.training(folder)).getMessage();
    assertTrue(message.contains("train-images"), message);
  }

  @Test
  void mnistHasItsPublishedFigures() throws IOException {
    Path mnist = SharedData.at("mnist");
    Dataset test = Idx.test(mnist);
    assertEquals(10_000, test.size());
    assertEquals(7, test.label(0));
    Dataset training = Idx.training(mnist);
    assertEquals(60_000, training.size());
    Normalization measured = Normalization.of(training);
    assertEquals(0.13066, measured.mean()[0], 1e-5);
    assertEquals(0.30811, measured.std()[0], 1e-5);
  }
}
