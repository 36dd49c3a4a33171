package org.espalier.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.espalier.tensor.FormatException;
import org.espalier.tensor.Shape;
import org.espalier.tensor.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NpzTest {
  @TempDir Path folder;

  private static byte[] npy(Tensor tensor) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Npy.write(tensor, out);
    return out.toByteArray();
  }

  private Path archive(String name, byte[] contents) throws IOException {
    Path file = folder.resolve("a.npz");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry(name));
      zip.write(contents);
    }
    return file;
  }

  private void assertRefused(Path file, String reason) {
    String message = assertThrows(FormatException.class, () -> Npz.read(file)).getMessage();
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains(reason), message);
  }

  @Test
  void whatIsWrittenIsReadBackInOrder() throws IOException {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("z/kernel:0", Tensor.of(Shape.of(2), 1f, Float.NaN));
    tensors.put("a", Tensor.of(Shape.scalar(), 7));
    tensors.put("层", Tensor.zeros(100, 100));
    Path file = folder.resolve("a.npz");
    Npz.write(file, tensors);
    Map<String, Tensor> read = Npz.read(file);
    assertEquals(List.copyOf(tensors.keySet()), List.copyOf(read.keySet()));
    tensors.forEach((name, tensor) -> assertTrue(tensor.bitEquals(read.get(name)), name));
    byte[] once = Files.readAllBytes(file);
    Npz.write(file, tensors);
    assertArrayEquals(once, Files.readAllBytes(file));
  }

  @Test
  void namesThatLeaveTheFolderAreRefused() throws IOException {
    byte[] contents = npy(Tensor.zeros(1));
    for (String name : List.of("../a", "a/../../b", "/a", "a//b", "..", "c:a", "a\\b", "")) {
      assertRefused(archive(name + ".npy", contents), "would leave its folder");
      assertThrows(
          IllegalArgumentException.class,
          () -> Npz.write(folder.resolve("b.npz"), Map.of(name, Tensor.zeros(1))));
    }
  }

  @Test
  void entriesThatAreNoArraysAreRefused() throws IOException {
    assertRefused(archive("readme.txt", new byte[3]), "is no array");
    assertRefused(archive("a.npy", new byte[3]), "not an NPY file");
    assertRefused(archive("folder/", new byte[0]), "is no array");
  }

  @Test
  void anEntryThatClaimsMoreThanItCanHoldIsRefusedBeforeAllocation() throws IOException {
    String header = "{'descr': '<f4', 'fortran_order': False, 'shape': (500000000,), }";
    byte[] contents = new byte[10 + header.length()];
    byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) header.length(), 0};
    System.arraycopy(magic, 0, contents, 0, 10);
    System.arraycopy(header.getBytes(StandardCharsets.US_ASCII), 0, contents, 10, header.length());
    assertRefused(archive("a.npy", contents), "needs 2000000000 bytes");
  }

  @Test
  void damageInsideAnEntryIsNoticedByItsChecksum() throws IOException {
    Path file = folder.resolve("a.npz");
    byte[] contents = npy(Tensor.of(Shape.of(1), 42));
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.setMethod(ZipOutputStream.STORED);
      ZipEntry entry = new ZipEntry("a.npy");
      entry.setSize(contents.length);
      java.util.zip.CRC32 checksum = new java.util.zip.CRC32();
      checksum.update(contents);
      entry.setCrc(checksum.getValue());
      zip.putNextEntry(entry);
      zip.write(contents);
    }
    assertEquals(42, Npz.read(file).get("a").item());
    byte[] bytes = Files.readAllBytes(file);
    int element = 30 + "a.npy".length() + contents.length - 4;
    assertEquals(42, bytes[element]);
    bytes[element] = 43;
    Files.write(file, bytes);
    assertRefused(file, "checksum differs");
  }

  @Test
  void whatIsNoArchiveIsRefusedAndWhatIsMissingIsNamed() throws IOException {
    assertRefused(Files.write(folder.resolve("x"), new byte[100]), "no zip archive");
    assertRefused(Files.write(folder.resolve("x"), new byte[0]), "no zip archive");
    assertThrows(FileSystemException.class, () -> Npz.read(folder.resolve("none.npz")));
  }
}
