package org.espalier.io.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.espalier.io.SharedData;
import org.espalier.tensor.FormatException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class CifarTest {
  @TempDir Path folder;

  /** Returns records whose red, green and blue planes hold 3i, 3i+1, 3i+2 for record i. */
  private static byte[] records(int labelBytes, int... labels) {
    int count = labels.length / labelBytes;
    int length = labelBytes + 3072;
    byte[] bytes = new byte[count * length];
    for (int i = 0; i < count; i++) {
      for (int k = 0; k < labelBytes; k++) {
        bytes[i * length + k] = (byte) labels[i * labelBytes + k];
      }
      for (int channel = 0; channel < 3; channel++) {
        int plane = i * length + labelBytes + channel * 1024;
        Arrays.fill(bytes, plane, plane + 1024, (byte) (3 * i + channel));
      }
    }
    return bytes;
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zipped = new GZIPOutputStream(out)) {
      zipped.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] xz(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (XZOutputStream zipped = new XZOutputStream(out, new LZMA2Options(0))) {
      zipped.write(bytes);
    }
    return out.toByteArray();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static byte[] tarEntry(String name, char type, byte[] contents) {
    byte[] entry = new byte[512 + (contents.length + 511) / 512 * 512];
    put(entry, 0, name);
    put(entry, 124, String.format("%011o", contents.length));
    Arrays.fill(entry, 148, 156, (byte) ' ');
    entry[156] = (byte) type;
    put(entry, 257, "ustar");
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += entry[i] & 0xFF;
    }
    put(entry, 148, String.format("%06o\0 ", sum));
    System.arraycopy(contents, 0, entry, 512, contents.length);
    return entry;
  }

  private static void put(byte[] bytes, int at, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, bytes, at, ascii.length);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] archive() {
    return join(
        tarEntry("cifar-10-batches-bin/", '5', new byte[0]),
        tarEntry("cifar-10-batches-bin/data_batch_2.bin", '0', records(1, 2)),
        tarEntry("cifar-10-batches-bin/readme.html", '0', new byte[700]),
        tarEntry(
            "cifar-10-batches-bin/batches.meta.txt",
            '0',
            "a b c d e f g h i j\n\n".replace(' ', '\n').getBytes(StandardCharsets.UTF_8)),
        tarEntry("cifar-10-batches-bin/data_batch_1.bin", '0', records(1, 1, 9)),
        tarEntry("cifar-10-batches-bin/test_batch.bin", '0', records(1, 5)),
        new byte[1024]);
  }

  private static int[] labels(Dataset data) {
    int[] labels = new int[data.size()];
    Arrays.setAll(labels, data::label);
    return labels;
  }

  @Test
  void planesBecomeChannelsLast() throws IOException {
    Path file = write("any_name.bin", records(1, 4, 6));
    Dataset data = Cifar.file(file, CifarLabels.CIFAR10);
    float[] out = new float[3072];
    data.read(1, out, 0);
    for (int i = 0; i < 3072; i++) {
      assertEquals((3 + i % 3) / 255f, out[i]);
    }
    assertArrayEquals(new int[] {4, 6}, labels(data));
    assertEquals("deer", data.classNames().get(4));
  }

  @Test
  void aFolderIsReadInOrderWhateverTheCompression() throws IOException {
    write("data_batch_10.bin", records(1, 4));
    write("data_batch_3.bin.gz", gzip(records(1, 2, 3)));
    write("data_batch_1.bin.xz", xz(records(1, 1)));
    write("data_batch_1.bin", records(1, 1));
    write("test_batch.bin", records(1, 7));
    write("test_other.bin", records(1, 8));
    assertArrayEquals(new int[] {1, 2, 3, 4}, labels(Cifar.training(folder, CifarLabels.CIFAR10)));
    assertArrayEquals(new int[] {7}, labels(Cifar.test(folder, CifarLabels.CIFAR10)));
  }

  @Test
  void otherTestFilesStandInForTheOfficialOne() throws IOException {
    write("cifar-10-batches-bin/test_half_a.bin.gz", gzip(records(1, 8)));
    assertArrayEquals(new int[] {8}, labels(Cifar.test(folder, CifarLabels.CIFAR10)));
  }

  @Test
  void theArchiveIsReadAsAStream() throws IOException {
    for (Path file : new Path[] {write("c.tar.gz", gzip(archive())), write("c.tar", archive())}) {
      Dataset training = Cifar.training(file, CifarLabels.CIFAR10);
      assertArrayEquals(new int[] {1, 9, 2}, labels(training));
      assertEquals("j", training.classNames().get(9));
      assertArrayEquals(new int[] {5}, labels(Cifar.test(file, CifarLabels.CIFAR10)));
    }
  }

  @Test
  void longNamesOfGnuTarAreRead() throws IOException {
    String name = "x".repeat(120) + "/test_batch.bin";
    byte[] bytes =
        join(
            tarEntry("././@LongLink", 'L', (name + "\0").getBytes(StandardCharsets.US_ASCII)),
            tarEntry(name.substring(0, 99), '0', records(1, 3)));
    Tar tar = new Tar(Path.of("a.tar"), new ByteArrayInputStream(bytes));
    assertEquals(name, tar.next());
    assertEquals(3, tar.content().read());
    assertNull(tar.next());
  }

  @Test
  void cifar100HasTwoLabels() throws IOException {
    write("train.bin", records(2, 19, 99, 0, 1));
    write("test.bin", records(2, 7, 8));
    write("coarse_label_names.txt", "n\n".repeat(20).getBytes(StandardCharsets.UTF_8));
    assertArrayEquals(new int[] {99, 1}, labels(Cifar.training(folder, CifarLabels.CIFAR100_FINE)));
    assertArrayEquals(
        new int[] {19, 0}, labels(Cifar.training(folder, CifarLabels.CIFAR100_COARSE)));
    Dataset test = Cifar.test(folder, CifarLabels.CIFAR100_COARSE);
    assertEquals("n", test.classNames().get(7));
    assertEquals(100, CifarLabels.CIFAR100_FINE.classes());
    assertEquals(20, CifarLabels.CIFAR100_COARSE.classes());
  }

  private void assertRefused(byte[] bytes, String reason) throws IOException {
    Path file = write("test_batch.bin", bytes);
    String message =
        assertThrows(FormatException.class, () -> Cifar.test(folder, CifarLabels.CIFAR10))
            .getMessage();
    assertTrue(message.startsWith(file + ": "), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void damagedRecordsAreRefused() throws IOException {
    assertRefused(new byte[0], "is empty");
    assertRefused(
        Arrays.copyOf(records(1, 1, 2), 4000), "byte 3073: the last record has 927 bytes");
    assertRefused(records(1, 1, 10), "byte 3073: got label 10, expected 0 to 9");
    byte[] zipped = xz(records(1, 1));
    assertRefused(Arrays.copyOf(zipped, zipped.length - 20), "damaged or cut short");
    zipped[zipped.length / 2] ^= 0x55;
    assertRefused(zipped, "damaged or cut short");
  }

  @Test
  void damagedArchivesAreRefused() throws IOException {
    Path cut = write("cut.tar", Arrays.copyOf(archive(), 3000));
    assertThrows(FormatException.class, () -> Cifar.training(cut, CifarLabels.CIFAR10));
    byte[] broken = archive();
    broken[512] ^= 1;
    Path damaged = write("damaged.tar", broken);
    String message =
        assertThrows(FormatException.class, () -> Cifar.training(damaged, CifarLabels.CIFAR10))
            .getMessage();
    assertEquals(damaged + ": byte 512: not a tar header (checksum differs)", message);
    Path other = write("other.tar.gz", gzip(new byte[2000]));
    assertThrows(FormatException.class, () -> Cifar.test(other, CifarLabels.CIFAR10));
    Path twice = write("twice.tar", join(archive(), archive()));
    assertArrayEquals(new int[] {5}, labels(Cifar.test(twice, CifarLabels.CIFAR10)));
    Path fine = write("fine.tar", archive());
    assertThrows(FormatException.class, () -> Cifar.test(fine, CifarLabels.CIFAR100_FINE));
  }

  @Test
  void wrongClassNamesAndMissingFilesAreNamed() throws IOException {
    write("batches.meta.txt", "one\ntwo\n".getBytes(StandardCharsets.UTF_8));
    write("test_batch.bin", records(1, 1));
    assertEquals(
        folder.resolve("batches.meta.txt") + ": got 2 class names, expected 10",
        assertThrows(FormatException.class, () -> Cifar.test(folder, CifarLabels.CIFAR10))
            .getMessage());
    assertThrows(NoSuchFileException.class, () -> Cifar.training(folder, CifarLabels.CIFAR10));
  }

  @Test
  void theRealFilesHaveTheirPublishedFigures() throws IOException {
    Path cifar = SharedData.at("cifar10");
    Dataset mini = Cifar.file(cifar.resolve("mini_train_1000.bin.gz"), CifarLabels.CIFAR10);
    assertEquals(1000, mini.size());
    assertEquals("frog", mini.classNames().get(mini.label(0)));
    Dataset test = Cifar.test(cifar, CifarLabels.CIFAR10);
    assertEquals(5000, test.size());
    Normalization measured = Normalization.of(test);
    assertArrayEquals(Normalization.CIFAR10.mean(), measured.mean(), 5e-3);
    assertArrayEquals(Normalization.CIFAR10.std(), measured.std(), 5e-3);
  }
}
